"""SM2 signatures with SM3, verified (GB/T 32918.2, GM/T 0003.2; curve and example: GM/T 0003.5).

OpenSSL knows SM2, the bindings of `cryptography` do not. Verifying handles public numbers alone, so that it may be done
in Python, whose arithmetic takes more or less time for different numbers; signing may not, and is not done here.
"""

from functools import cache, cached_property
from typing import Final, NamedTuple

from cryptography.hazmat.primitives.hashes import SM3, Hash

from xinzheng_schemas.sm2_point import COORDINATE_BYTES, GENERATOR, A, B, P, SM2Point

N: Final = 0xFFFFFFFE_FFFFFFFF_FFFFFFFF_FFFFFFFF_7203DF6B_21C6052B_53BBF409_39D54123

DISTINGUISHING_ID: Final = b"1234567812345678"
"""Who signs, for everybody: the default of GM/T 0009, 10. Signatures over another or an empty ID do not verify."""

SIGNATURE_BYTES: Final = 64
_WINDOW: Final = 4  # bits of both factors that are worked off at once
_DIGITS: Final = 1 << _WINDOW

Point = tuple[int, int]


class _Jacobian(NamedTuple):
    """x = X/Z², y = Y/Z³; Z is 0 for the point at infinity."""

    x: int
    y: int
    z: int


_INFINITY: Final = _Jacobian(1, 1, 0)


def sm3(data: bytes) -> bytes:
    """The SM3 digest of `data`, 32 bytes (GB/T 32905)."""
    digest = Hash(SM3())
    digest.update(data)
    return digest.finalize()


class SM2PublicKey(SM2Point):
    """A point of the curve as somebody's key."""

    @cached_property
    def _identity(self) -> bytes:
        """Z of GM/T 0003.2, 5.5: the signer's ID, the curve and the key in one digest."""
        numbers = (A, B, *GENERATOR, self.x, self.y)
        length = (8 * len(DISTINGUISHING_ID)).to_bytes(2, "big")
        octets = (number.to_bytes(COORDINATE_BYTES, "big") for number in numbers)
        return sm3(length + DISTINGUISHING_ID + b"".join(octets))

    @cached_property
    def _multiples(self) -> tuple[Point, ...]:
        return _multiples_of((self.x, self.y))

    def __getstate__(self) -> dict[str, int]:
        return {"x": self.x, "y": self.y}

    def digest(self, message: bytes) -> int:
        """What is signed for `message` by this key (GM/T 0003.2, 6.1, A1 and A2)."""
        return int.from_bytes(sm3(self._identity + message), "big")

    def verify(self, signature: bytes, message: bytes) -> bool:
        """Whether `signature` over `message` was made by the owner of the key (GM/T 0003.2, 7.1).

        Args:
            signature: r‖s, 64 bytes; any other length, DER included, does not verify.
            message: the signed bytes.
        """
        if len(signature) != SIGNATURE_BYTES:
            return False
        r, s = int.from_bytes(signature[:COORDINATE_BYTES], "big"), int.from_bytes(signature[COORDINATE_BYTES:], "big")
        t = (r + s) % N
        if not (0 < r < N and 0 < s < N and t):
            return False
        point = _sum_of_multiples(s, _generator_multiples(), t, self._multiples)
        return point is not None and (self.digest(message) + point[0]) % N == r


@cache
def _generator_multiples() -> tuple[Point, ...]:
    return _multiples_of(GENERATOR)


def _multiples_of(point: Point) -> tuple[Point, ...]:
    """1 to 15 times `point`; none of them is at infinity, for the order of the curve is a large prime."""
    found = [_Jacobian(*point, 1)]
    found.append(_double(found[0]))
    while len(found) < _DIGITS - 1:
        found.append(_add(found[-1], point))
    return tuple(_affine(one) for one in found)


def _sum_of_multiples(s: int, of_s: tuple[Point, ...], t: int, of_t: tuple[Point, ...]) -> Point | None:
    """One point s times and another t times, four bits of both at a time; None at infinity."""
    total = _INFINITY
    for shift in range(8 * COORDINATE_BYTES - _WINDOW, -1, -_WINDOW):
        for _ in range(_WINDOW):
            total = _double(total)
        if digit := s >> shift & (_DIGITS - 1):
            total = _add(total, of_s[digit - 1])
        if digit := t >> shift & (_DIGITS - 1):
            total = _add(total, of_t[digit - 1])
    return _affine(total) if total.z else None


def _double(point: _Jacobian) -> _Jacobian:
    """For a = −3 (Guide to Elliptic Curve Cryptography, algorithm 3.21, without halving); twice infinity has Z = 0."""
    x, y, z = point
    zz = z * z % P
    slope = 3 * (x - zz) * (x + zz) % P
    yy = y * y % P
    middle = 4 * x * yy % P
    new_x = (slope * slope - 2 * middle) % P
    return _Jacobian(new_x, (slope * (middle - new_x) - 8 * yy * yy) % P, 2 * y * z % P)


def _add(point: _Jacobian, other: Point) -> _Jacobian:
    """With a point in affine coordinates (ibid., algorithm 3.22)."""
    x, y, z = point
    if not z:
        return _Jacobian(*other, 1)
    zz = z * z % P
    width = (other[0] * zz - x) % P
    height = (other[1] * zz * z - y) % P
    if not width:
        return _INFINITY if height else _double(point)
    square = width * width % P
    cube = square * width % P
    middle = x * square % P
    new_x = (height * height - cube - 2 * middle) % P
    return _Jacobian(new_x, (height * (middle - new_x) - y * cube) % P, z * width % P)


def _affine(point: _Jacobian) -> Point:
    inverse = pow(point.z, -1, P)
    square = inverse * inverse % P
    return point.x * square % P, point.y * square * inverse % P
