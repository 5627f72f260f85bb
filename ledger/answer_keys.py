"""The keys that sign answers: Ed25519 and ML-DSA-44, the service's own. No checkpoint can be signed with them."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Final, Self

from ledger.settings import Settings, WrongSetting
from ledger.transparency.failures import Malformed
from ledger.transparency.signed_answer import NAME_SUFFIX, SignedAnswer
from ledger.transparency.signing import SEED_BYTES, SeedSigner, parse_skey, sign_checkpoint
from ledger.transparency.trust_policy import TrustPolicy
from ledger.transparency.verifier_key import SignatureType

MAKE: Final = "hours-ledger keys --new-answer-keys"

_FORM: Final = "answer keys"
_TYPES: Final = (SignatureType.ED25519, SignatureType.ML_DSA_44)


class AnswerKeys:
    """Two keys of the name `<log origin>/answers`."""

    def __init__(self, signers: Sequence[SeedSigner]) -> None:
        """Raises Malformed unless they are an Ed25519 and an ML-DSA-44 key, in this order, of one such name."""
        names = {signer.key.name for signer in signers}
        if tuple(signer.key.type for signer in signers) != _TYPES or len(names) != 1:
            raise Malformed(_FORM, "they must be an Ed25519 key and then an ML-DSA-44 key, both of one name")
        if not signers[0].key.name.endswith(NAME_SUFFIX):
            raise Malformed(_FORM, f"their name must end in {NAME_SUFFIX}")
        self._signers = tuple(signers)
        self.policy = TrustPolicy(signers[0].key, signers[1].key)
        """Asks for both signatures."""

    @classmethod
    def fresh(cls, log_origin: str) -> Self:
        """New random keys. Raises Malformed for an origin that cannot be part of a key's name."""
        name = log_origin + NAME_SUFFIX
        return cls([SeedSigner(name, kind, secrets.token_bytes(SEED_BYTES)) for kind in _TYPES])

    @classmethod
    def parse(cls, setting: str) -> Self:
        """Read what `setting` wrote. Raises Malformed, without the keys in the message."""
        return cls([parse_skey(line) for line in setting.split()])

    @property
    def name(self) -> str:
        """Of both keys, and of every answer."""
        return self.policy.origin

    @property
    def log_origin(self) -> str:
        """What the origins of the logs begin with that the answers rest on."""
        return self.name.removesuffix(NAME_SUFFIX)

    def setting(self) -> str:
        """The private keys as the value of LEDGER_ANSWER_KEYS: keep it where secrets belong."""
        return " ".join(signer.skey() for signer in self._signers)

    def verifier_lines(self) -> list[str]:
        """What people are given to check answers with, one vkey a line."""
        return [signer.key.line() for signer in self._signers]

    def sign(self, answer: SignedAnswer, unix_seconds: int) -> bytes:
        """The signed note. Raises Malformed for one that could not be read back: another name, or too long."""
        if answer.name != self.name:
            raise Malformed(_FORM, f"they sign answers of {self.name}, not of {answer.name}")
        return sign_checkpoint(answer.checkpoint(), self._signers, unix_seconds)


def answer_keys(settings: Settings) -> AnswerKeys | None:
    """Those of LEDGER_ANSWER_KEYS, None where it is empty. Raises WrongSetting."""
    setting = settings.answer_keys.get_secret_value()
    if not setting:
        return None
    try:
        keys = AnswerKeys.parse(setting)
    except Malformed as malformed:
        raise WrongSetting(f"LEDGER_ANSWER_KEYS: {malformed}; make some by `{MAKE}`") from malformed
    if keys.log_origin != settings.log_origin:
        raise WrongSetting(
            f"LEDGER_ANSWER_KEYS are named {keys.name}; under LEDGER_LOG_ORIGIN {settings.log_origin} they must be "
            f"{settings.log_origin}{NAME_SUFFIX}: put the right ones back, or make some by `{MAKE}`"
        )
    return keys
