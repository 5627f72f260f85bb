"""What the rules compare with. `docs/anomalies.md` says where each number comes from; every answer states them."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Whole numbers; the name says the unit."""

    changed_per_mille: int = 200
    """So much more evidence than the reviewer saw is material."""

    circle_count_min: int = 3
    """Attendances each verified of the next."""
    circle_seconds_min: int = 10 * 3_600
    """All around the circle together."""
    ring_members_max: int = 8

    share_verifiers_min: int = 3
    share_count_min: int = 200
    share_per_mille: int = 950
    speed_count_min: int = 50
    speed_seconds: int = 30
    """Median from recording to verifying below which nobody looked."""
    minute_count_min: int = 60
    minute_shifts_min: int = 10
    approval_count_min: int = 200
    approval_peers_min: int = 8
    approval_expected_declines_min: int = 10

    organization_volunteers_min: int = 20
    organization_count_min: int = 100
    organization_peers_min: int = 8
    robust_z_per_mille: int = 6_000

    identical_days_min: int = 8
    habit_count_min: int = 40
    habit_shifts_min: int = 10

    travel_gap_seconds_max: int = 8 * 3_600
    travel_metres_per_hour: int = 300_000
    """From door to door."""
    travel_metres_min: int = 60_000
    """Nearer places are one."""
    region_gap_seconds: int = 1_800
    """Between regions whose cities are not known."""

    night_from_hour: int = 0
    night_until_hour: int = 5
    """Local hours, until not included."""
    night_count_min: int = 30
    night_shifts_min: int = 5
    night_moments_min: int = 10

    head_seconds_max: int = 86_400
    """Of one head on one day."""
    inflated_per_mille: int = 2_000
    inflated_excess_seconds: int = 2 * 3_600
    inflated_count_min: int = 3
    inflated_share_per_mille_min: int = 500
    """Of the person's attendances there: who sometimes forgets to check out is long now and then."""
    inflated_count_always: int = 12
    """So many are shown whatever share they are."""
    usual_count_min: int = 20
    usual_per_mille: int = 3_000

    ghosts_min: int = 3
    ghost_count_min: int = 6
    ghost_seconds_min: int = 20 * 3_600
    ghost_registered_seconds_max: int = 600
    """Between two registrations of one batch."""

    def figures(self) -> dict[str, int]:
        """Name → number."""
        return asdict(self)


DEFAULTS = Thresholds()
