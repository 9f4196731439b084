"""Several networks of one seed, averaged."""

from benchmark.strategy import Member, Strategy, find, strategy


@strategy(groups=("ensembles",))
def ensemble(base: str = "no_change|class_weights") -> Strategy:
    """The mean log-probabilities of the networks of several strategies, named with | between them.

    Networks that differ err otherwise, and their mean errs less (Hansen & Salamon 1990, IEEE PAMI
    12; Lakshminarayanan et al. 2017, arXiv 1612.01474). Logarithms are averaged, so that a class is
    chosen that none of them rules out; on long tails the members had best have losses that expect
    different class sizes (Zhang et al. 2022, arXiv 2107.09249). All of one seed see the same
    images. Nothing is trained but the members, whose networks are shared with rows of their own; k
    networks take k times as long to train and to predict, and the row says so. A decision goes on
    top, as in threshold_moving:base=ensemble; what the members' trainings left of the prior is
    averaged as well. A member has no decision of its own. In a shell, | needs quotes.

    log p = log softmax(1/k sum_m log p_m)

    Example: --strategies 'no_change,ensemble,ensemble:base=no_change|balanced_softmax'
    """
    names = [name.strip() for name in base.split("|")]
    return Strategy(members=tuple(Member(name, find(name)) for name in names))
