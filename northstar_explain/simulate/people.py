"""The people: hidden traits that no table ever holds.

Every person has one of six tendencies, which only shifts the averages of some continuous traits; the spread
within a tendency is as wide as most shifts between them, so that groups exist and overlap, as in a shop.

Where the numbers come from. Fader, Hardie and Lee (2005, Marketing Science 24(2)) fit BG/NBD to CDNOW with
r = 0.24 for the purchase rate and a = 0.79, b = 2.43 for leaving: most customers hardly buy and a few buy
often, which is a lognormal rate with a standard deviation above one. Site-wide conversion is usually reported
as 2 to 3% of visits (known customers lie above it), 70% of carts are left (Baymard Institute), newsletters
are opened 15 to 30% of the time, and 8 to 20% of online orders come back. Who searches and does not bounce
buys more often. These are orders of magnitude for shops in general, not measurements of one.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

# The one constant that is calibrated: log of the purchase chance per visit, set so that 18% of the active
# customers buy in the 30 days after the default snapshot. Everything else is chosen from what shops report.
LOG_CONVERSION = -3.611

DEVICES = ("mobile", "desktop", "tablet")
COUNTRIES = ("US", "GB", "DE", "CA", "FR", "AU", "NL", "ES")
CHANNELS = ("organic_search", "paid_search", "social", "direct", "affiliate", "referral")
AGE_BANDS = ("18-24", "25-34", "35-44", "45-54", "55-64", "65+")

COUNTRY_SHARES = (0.46, 0.15, 0.12, 0.09, 0.07, 0.05, 0.03, 0.03)

# One row per tendency. The columns: share of those who ever sign up; shift of log visits; of log conversion;
# of log basket; of the taste for discounts; of the taste for e-mail; of the log rate of leaving; of depth of
# browsing; of the log of seasonal (gift) shopping; and the share that signed up in the last months.
TENDENCIES = np.array([
    [0.11,  0.60,  1.10,  0.00, -0.30,  0.40, -1.00,  0.10, -0.4, 0.05],  # regular and loyal
    [0.15,  0.45,  0.25, -0.30,  1.70,  0.60, -0.30,  0.20,  0.0, 0.05],  # deal seekers
    [0.13, -0.60,  0.90,  0.85, -0.60, -0.20, -0.50,  0.30,  0.3, 0.05],  # big baskets, now and then
    [0.22,  0.45, -1.30,  0.00,  0.00,  0.00,  0.00,  0.40,  0.0, 0.10],  # browsers who rarely buy
    [0.15, -0.10, -0.20, -0.10,  0.30,  0.00,  0.60, -0.20,  0.0, 0.75],  # new
    [0.24, -0.50,  0.00,  0.00,  0.10, -0.40,  0.70, -0.20,  0.9, 0.05],  # on their way out, or gift shoppers
])  # fmt: skip

# How customers of each age band reach the shop (mobile, desktop, tablet), and how many there are.
AGE_SHARES = (0.14, 0.27, 0.23, 0.17, 0.12, 0.07)
DEVICE_BY_AGE = np.array([
    [0.82, 0.16, 0.02],
    [0.74, 0.23, 0.03],
    [0.64, 0.31, 0.05],
    [0.53, 0.39, 0.08],
    [0.44, 0.45, 0.11],
    [0.36, 0.48, 0.16],
])  # fmt: skip
CHANNEL_SHARES = np.array([
    [0.30, 0.12, 0.08, 0.34, 0.05, 0.11],  # regular and loyal: by name
    [0.22, 0.17, 0.15, 0.11, 0.29, 0.06],  # deal seekers: coupon sites
    [0.34, 0.24, 0.09, 0.19, 0.06, 0.08],
    [0.30, 0.18, 0.28, 0.12, 0.06, 0.06],  # browsers: social
    [0.25, 0.25, 0.27, 0.10, 0.07, 0.06],
    [0.29, 0.26, 0.18, 0.13, 0.08, 0.06],
])  # fmt: skip

GUEST_SHARE = 0.042  # of those who ever come; guests visit less, so 4% of the active customers
MAIL_UNKNOWN_LOGIT = -2.588  # no consent, or a mailbox that hides opens: 9% over all devices and tastes


@dataclass(frozen=True)
class People:
    """Hidden traits, one array entry per person; days count from the start of the 12 months.

    Attributes
    ----------
    born, leaves : ndarray of float
        Day of signing up (negative: before the 12 months) and day from which no visit is started any more.
    leave_rate : ndarray of float
        Chance per day of leaving; it does not depend on how long somebody has been here.
    visits_per_day, mail_per_day : ndarray of float
        Shopping trips started, and e-mails sent, on an ordinary day.
    buys, goes_on, gap_days : ndarray of float
        Chance that a visit ends in an order, chance that a trip without one goes on to another visit, and the
        mean days until then.
    drift : ndarray of float
        Standard deviation of the slow drift of the log visit rate.
    gift, sale : ndarray of float
        How much the gift season and sale days add to the visit rate.
    basket, items, discount, returns : ndarray of float
        Log of the typical order in dollars, mean items beyond the first, log-odds of using a discount, chance
        that an order comes back.
    opens, clicks : ndarray of float
        Log-odds of opening an e-mail, and chance of a click on an opened one.
    bounces, depth, pace, searches, carts, wishes, tastes : ndarray of float
        Chance to leave after one page, mean pages beyond the second, seconds per page, chance to search,
        chance to fill a cart and leave it, mean wishlist adds per visit, and breadth of interests.
    guest, mail_unknown, member : ndarray of bool
        Has no account; e-mail tracking is not possible; joined the loyalty programme.
    channel, country, device, age : ndarray of int
        Positions in the tuples of this module.
    """

    born: np.ndarray
    leaves: np.ndarray
    leave_rate: np.ndarray
    visits_per_day: np.ndarray
    mail_per_day: np.ndarray
    buys: np.ndarray
    goes_on: np.ndarray
    gap_days: np.ndarray
    drift: np.ndarray
    gift: np.ndarray
    sale: np.ndarray
    basket: np.ndarray
    items: np.ndarray
    discount: np.ndarray
    returns: np.ndarray
    opens: np.ndarray
    clicks: np.ndarray
    bounces: np.ndarray
    depth: np.ndarray
    pace: np.ndarray
    searches: np.ndarray
    carts: np.ndarray
    wishes: np.ndarray
    tastes: np.ndarray
    guest: np.ndarray
    mail_unknown: np.ndarray
    member: np.ndarray
    channel: np.ndarray
    country: np.ndarray
    device: np.ndarray
    age: np.ndarray

    def __len__(self) -> int:
        return len(self.born)

    def take(self, rows: np.ndarray) -> People:
        """Some of the people (a mask or positions)."""
        return People(**{trait.name: getattr(self, trait.name)[rows] for trait in fields(self)})


def draw_people(size: int, days: int, rng: np.random.Generator) -> People:
    """Draw everybody who ever signed up, whether or not they are still customers.

    Parameters
    ----------
    size : int
        How many.
    days : int
        Length of the observed past; people sign up until its last day.
    rng : numpy.random.Generator
        Source of all draws.

    Returns
    -------
    People
    """
    # Tendencies end here: `People` does not hold them, so nothing that follows could give them away.
    kind = rng.choice(len(TENDENCIES), size=size, p=TENDENCIES[:, 0])
    _, visits, buys, basket, deals, mail, leaving, depth, gifts, new = TENDENCIES[kind].T
    guest = rng.random(size) < GUEST_SHARE
    age = rng.choice(len(AGE_BANDS), size=size, p=AGE_SHARES)
    device = _choose(DEVICE_BY_AGE[age], rng)
    desktop, mobile = device == 1, device == 0

    # Tastes shared by several traits: without them frequency, depth, carts and e-mail would be independent.
    keen, frugal, thorough, mail_taste = rng.standard_normal((4, size))
    noise = rng.standard_normal((21, size))

    # On the log scale effects multiply the chance; _up_to then keeps it below 0.4 whatever they add up to.
    log_buys = LOG_CONVERSION + buys + 0.2 * desktop - 0.2 * guest + 0.7 * keen + 0.4 * noise[0]
    buys = _up_to(0.4, np.exp(log_buys))
    # Never 0, as an account has existed for a moment before the snapshot, and at most ten years.
    tenure = rng.exponential(np.where(rng.random(size) < new, 75.0, 800.0)).clip(0.05, 3650.0)
    born = days - tenure
    # Leaving: half stay for less than about two years, some for weeks and some for good.
    leave_rate = np.exp(-6.8 + leaving + 0.3 * guest - 0.25 * keen + 0.9 * noise[1])
    return People(
        born=born,
        leaves=born + rng.exponential(1.0 / leave_rate),
        leave_rate=leave_rate,
        visits_per_day=_up_to(1.0, np.exp(-2.55 + visits - 0.5 * guest + 0.5 * keen + 0.9 * noise[2])),
        mail_per_day=np.exp(np.log(1.3 / 7) - 1.6 * guest + 0.15 * mail + 0.35 * noise[3]),
        buys=buys,
        goes_on=_share(-0.1 + 0.35 * thorough + 0.3 * depth + 0.5 * noise[4]).clip(max=0.75),
        gap_days=np.exp(np.log(2.2) + 0.4 * noise[5]),
        drift=(0.45 * np.exp(0.3 * noise[6])).clip(max=0.8),
        gift=np.exp(-0.6 + gifts + 0.6 * noise[7]),
        sale=np.exp(-1.2 + 0.7 * deals + 0.4 * frugal + 0.4 * noise[8]),
        basket=np.log(52.0) + basket - 0.15 * frugal + 0.4 * noise[9],
        items=np.exp(0.05 + 0.25 * basket + 0.45 * noise[10]),
        discount=-1.35 + 1.1 * deals + 0.7 * frugal + 0.6 * noise[11],
        returns=_share(-2.15 + 0.25 * thorough + 0.2 * (age < 3) + 0.7 * noise[12]),
        opens=-1.35 + 0.6 * mail + 0.8 * mail_taste,
        clicks=_share(-2.2 + 0.3 * deals + 0.3 * mail_taste + 0.5 * noise[13]),
        bounces=_share(-0.55 + 0.35 * mobile - 0.5 * depth - 0.3 * thorough - 0.4 * keen + 0.35 * noise[14]),
        depth=np.exp(1.15 + 0.15 * desktop + 0.5 * depth + 0.25 * thorough + 0.3 * noise[15]),
        pace=np.exp(np.log(38.0) + 0.15 * desktop + 0.2 * thorough + 0.3 * noise[16]),
        searches=_share(-1.35 + 0.5 * keen + 0.2 * (thorough + desktop) + 0.5 * noise[18]),
        # Who buys more leaves more carts too, though less than in proportion.
        carts=np.minimum(2.1 * buys**0.9 * np.exp(0.2 * deals + 0.25 * noise[17]), 0.7),
        wishes=np.exp(-2.8 + 0.5 * depth + 0.3 * thorough + 1.0 * noise[19]),
        tastes=np.exp(-0.6 + 0.3 * depth + 0.5 * noise[20]),
        guest=guest,
        # Depends on device and taste, so that values are not missing at random, as in real tables.
        mail_unknown=rng.random(size) < _share(MAIL_UNKNOWN_LOGIT + 0.35 * mobile + 0.4 * guest - 0.25 * mail_taste),
        member=~guest & (rng.random(size) < _share(-0.1 + 0.5 * keen + 0.4 * mail + 0.3 * deals)),
        channel=_choose(CHANNEL_SHARES[kind], rng),
        country=rng.choice(len(COUNTRIES), size=size, p=COUNTRY_SHARES),
        device=device,
        age=age,
    )


def _up_to(most: float, value: np.ndarray) -> np.ndarray:
    """Nearly the value where it is small, never above `most`: nobody shops a hundred times a day."""
    return value / (1.0 + value / most)


def _share(log_odds: np.ndarray) -> np.ndarray:
    share: np.ndarray = 1.0 / (1.0 + np.exp(-log_odds))
    return share


def _choose(shares: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """One position per row of `shares`, whose rows sum to 1."""
    # A row may sum to a little less than 1, and a draw above its last sum would point past the end.
    position: np.ndarray = np.minimum(
        (shares.cumsum(axis=1) < rng.random((len(shares), 1))).sum(axis=1), shares.shape[1] - 1
    )
    return position
