"""`export`: the best network of a run, with its decision, as a folder that predicts."""

import argparse
import shlex

import benchmark
from benchmark.cli.program import program_words
from benchmark.cli.settings import add_setting
from benchmark.plan.run_options import RunOptions
from benchmark.plan.settings import settings_of
from benchmark.system.display import terminal_progress
from benchmark.system.terminal import print_lines

HELP = """Take a network of a run home, with its decision. Writes a folder with all that it takes
to predict on new images, by `predict`, by benchmark.load_model or in other runtimes, and a card
that says which classes it can't be trusted on. Without --strategy it takes the strategy that is
best on validation, and says whether that could be chance. A network that was not kept is trained
again, on a CPU to the same bits."""

EXAMPLES = """\
  python -m benchmark export results/wheels-forum
  python -m benchmark export results/mine --strategy class_weights --to models/weighted
  python -m benchmark export results/mine --refit        # trained once more, on all images"""


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Add the run, which of its networks, and where it goes."""
    parser.add_argument("folder", metavar="DIR", help="folder of a run, like results/wheels-forum")
    parser.add_argument(
        "--strategy",
        metavar="NAME",
        help="by the name that it has in the table (default: the best on validation)",
    )
    parser.add_argument("--seed", metavar="K", type=int, help="of the network (default: the first)")
    parser.add_argument(
        "--to",
        metavar="FOLDER",
        help="where the model goes; one that is there is replaced (default: DIR/model)",
    )
    parser.add_argument(
        "--refit",
        action="store_true",
        help="train the strategy once more for as many steps, on the images of all three splits",
    )
    parser.add_argument(
        "--onnx",
        action="store_true",
        help="write model.onnx too: one graph from uint8 images (B, H, W, 3) to probabilities and "
        "the decided class (needs the extra onnx)",
    )
    parser.add_argument(
        "--pt2", action="store_true", help="the same for torch.export.load, as model.pt2"
    )
    parser.add_argument(
        "--data",
        metavar="DATA",
        help="the images of the run, if they are in another place now and a network must be "
        "trained again",
    )
    add_setting(parser, settings_of(RunOptions)["plugin"])


def call(args: argparse.Namespace) -> int:
    """Write the model and say where it is."""
    model = benchmark.export(
        args.folder,
        args.strategy,
        seed=args.seed,
        to=args.to,
        refit=args.refit,
        onnx=args.onnx,
        pt2=args.pt2,
        data=args.data,
        plugin=getattr(args, "plugin", ()),
        progress=terminal_progress(),
    )
    print_lines(f"model: {model.folder}")
    print_lines(f"what it is, and which classes not to trust: {model.folder / 'README.md'}")
    predict = shlex.join([*program_words(), "predict", str(model.folder)])
    print_lines(f"Then, with new images: {predict} IMAGES")
    return 0
