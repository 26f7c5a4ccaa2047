"""Points of the SM2 curve (GM/T 0003.5; GB/T 32918.5), as public keys: their encodings, and the curve's equation.

Only public numbers are worked on here.
"""

from dataclasses import dataclass
from typing import ClassVar, Final, Self

P: Final = 0xFFFFFFFE_FFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFF_00000000_FFFFFFFF_FFFFFFFF
"""The prime of the field."""

A: Final = P - 3
B: Final = 0x28E9FA9E_9D9F5E34_4D5A9E4B_CF6509A7_F39789F5_15AB8F92_DDBCBD41_4D940E93
"""Parameters of y² = x³ + Ax + B."""

GENERATOR: Final = (
    0x32C4AE2C_1F198119_5F990446_6A39C994_8FE30BBF_F2660BE1_715A4589_334C74C7,
    0xBC3736A2_F4F6779C_59BDCEE3_6B692153_D0A9877C_C62A4740_02DF32E5_2139F0A0,
)
"""Coordinates of the base point."""

COORDINATE_BYTES: Final = 32
_UNCOMPRESSED: Final = 4


@dataclass(frozen=True)
class SM2Point:
    """A point of the curve, other than infinity.

    Attributes:
        x, y: its coordinates.
    """

    x: int
    y: int
    key_size: ClassVar[int] = 8 * COORDINATE_BYTES

    def __post_init__(self) -> None:
        """Check the curve's equation.

        Raises:
            ValueError: it does not hold, or a coordinate is not reduced.
        """
        in_range = 0 <= self.x < P and 0 <= self.y < P
        if not in_range or (self.y * self.y - (self.x * self.x + A) * self.x - B) % P:
            raise ValueError("no point of the curve")

    @classmethod
    def from_encoded(cls, octets: bytes) -> Self:
        """The point behind 33 compressed or 65 uncompressed bytes (SEC 1, 2.3.4).

        Raises:
            ValueError: there is no such point.
        """
        tag, x = octets[:1], int.from_bytes(octets[1 : 1 + COORDINATE_BYTES], "big")
        if tag == b"\x04" and len(octets) == 1 + 2 * COORDINATE_BYTES:
            return cls(x, int.from_bytes(octets[1 + COORDINATE_BYTES :], "big"))
        if tag not in (b"\x02", b"\x03") or len(octets) != 1 + COORDINATE_BYTES or x >= P:
            raise ValueError("no encoded point")
        y = pow((x * x + A) * x + B, (P + 1) // 4, P)  # the root if there is one (p mod 4 = 3); if not, no point either
        return cls(x, y if y % 2 == tag[0] % 2 else P - y)

    def compressed(self) -> bytes:
        """33 bytes (SEC 1, 2.3.3)."""
        return bytes([2 + self.y % 2]) + self.x.to_bytes(COORDINATE_BYTES, "big")

    def uncompressed(self) -> bytes:
        """65 bytes (SEC 1, 2.3.3)."""
        octets = (number.to_bytes(COORDINATE_BYTES, "big") for number in (self.x, self.y))
        return bytes([_UNCOMPRESSED]) + b"".join(octets)
