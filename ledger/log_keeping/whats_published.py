"""What everybody may have seen, beside what the signer remembers: they must be one history, told by one signer."""

from __future__ import annotations

from ledger.log_keeping.signer_keys import LogKeys, SignedCheckpoint
from ledger.log_keeping.stops import AnotherKeeper, ForkRefused, SignerMemoryWrong, head_in_words
from ledger.log_keeping.tile_store import Published
from ledger.transparency.failures import StepFailed
from ledger.transparency.tile_tree import TileTree


def compare_with_published(
    partition: int, published: Published | None, signed: SignedCheckpoint, keys: LogKeys
) -> None:
    """Return if the newest published checkpoint is the remembered one, or an older one of the same signer.

    Raises:
        AnotherKeeper: other keys signed it, or ours signed it in another process with the same keys.
        SignerMemoryWrong: it is newer than the memory, which was restored or copied.
        ForkRefused: another root was published for the size that was signed.
    """
    if published is None:
        return
    try:
        head = keys.read(published.note).head
    except StepFailed as failure:
        raise AnotherKeeper(
            f"partition {partition}: the published checkpoint of size {published.size} root {published.root.hex()} is "
            f"not signed by this signer's keys ({failure}); {head_in_words(signed.head)} was signed here"
        ) from failure
    if (head.size, head.root) != (published.size, published.root):
        raise ForkRefused(
            f"partition {partition}: the row of the published checkpoint says size {published.size} root "
            f"{published.root.hex()}, the checkpoint says {head_in_words(head)}"
        )
    if head.size > signed.head.size:
        raise SignerMemoryWrong(
            f"partition {partition}: {head_in_words(head)} is published, the signer remembers "
            f"{head_in_words(signed.head)}: the signer folder is an older one, or another keeper signs with a copy of "
            "it. Stop every other keeper, and put the newest signer folder back"
        )
    if head.size < signed.head.size:
        return
    if head.root != signed.head.root:
        raise ForkRefused(
            f"partition {partition}: {head_in_words(head)} is published, {head_in_words(signed.head)} was signed"
        )
    # Cosignatures are added at the end.
    if not published.note.startswith(signed.note):
        raise AnotherKeeper(
            f"partition {partition}: {head_in_words(head)} is published with other signatures than were made here: "
            "another keeper signs with a copy of this signer folder"
        )


def need_published_root(partition: int, published: Published, tree: TileTree) -> None:
    """Raise ForkRefused unless the stored tiles give the root that was published."""
    stored = tree.root(published.size)
    if stored != published.root:
        raise ForkRefused(
            f"partition {partition}: size {published.size} root {published.root.hex()} was published; the store has "
            f"root {stored.hex()} at that size"
        )
