"""Facts of what was chosen beside the model, on training and validation rows: the black box, and directions."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TunedSetting:
    """A setting of the black box that was tried.

    Attributes
    ----------
    leaves : int
        Most leaves of a tree.
    learning_rate : float
        What each tree is multiplied with.
    l2_regularization : float
        Penalty on the values of leaves.
    roc_auc : float
        On the validation rows.
    chosen : bool
        Whether it is the black box.
    """

    leaves: int
    learning_rate: float
    l2_regularization: float
    roc_auc: float
    chosen: bool


@dataclass(frozen=True)
class BlackBoxSearch:
    """How the black box was tuned.

    Attributes
    ----------
    deep : bool
        Whether the search of thirty settings was run (``--deep`` in training); if not, of two.
    settings : tuple of TunedSetting
        In the order in which they were tried.
    """

    deep: bool
    settings: tuple[TunedSetting, ...]


@dataclass(frozen=True)
class ProposedDirection:
    """A direction that the contract does not give and the shape all but has.

    Attributes
    ----------
    feature : str
        Its name.
    direction : str
        ``up`` or ``down``, as ``monotone`` in the contract.
    lost : float
        Share of the variance of the shape over the training customers that the direction takes away.
    log_loss : float
        Log loss that it costs on the validation rows; negative where it gains.
    log_loss_error : float
        Standard error of it.
    """

    feature: str
    direction: str
    lost: float
    log_loss: float
    log_loss_error: float

    @property
    def cost(self) -> str:
        """The log loss that it costs, in words."""
        words = f"log loss {self.log_loss:+.5f} ± {self.log_loss_error:.5f}".replace("-", "−")
        return words if abs(self.log_loss) >= 5e-6 else "at no cost"

    def __str__(self) -> str:
        return f'{self.feature}: monotone = "{self.direction}" ({self.cost})'
