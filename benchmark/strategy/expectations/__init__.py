"""Expectations: what a strategy declares about its components. The audit checks them.

A strategy is compared with what the same network would have done otherwise with the same images:
draws with class sizes, the gradient of a loss with that of cross-entropy at the same logits, labels
with those by argmax. So no second training is needed to notice a component that is ignored, cancels
itself out or works in the wrong direction.
"""
