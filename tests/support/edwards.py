"""Just enough of edwards25519 (RFC 8032, 5.1) to make keys and signatures that an honest signer never makes."""

import hashlib
from typing import Final

P: Final = 2**255 - 19
ORDER: Final = 2**252 + 27742317777372353535851937790883648493
D: Final = -121665 * pow(121666, -1, P) % P
_ROOT_OF_MINUS_ONE: Final = pow(2, (P - 1) // 4, P)

Point = tuple[int, int]

NEUTRAL: Final = (0, 1)


def add(one: Point, other: Point) -> Point:
    """The complete addition law in affine coordinates."""
    (x1, y1), (x2, y2) = one, other
    product = D * x1 * x2 * y1 * y2 % P
    x = (x1 * y2 + x2 * y1) * pow(1 + product, -1, P) % P
    y = (y1 * y2 + x1 * x2) * pow(1 - product, -1, P) % P
    return x, y


def multiply(factor: int, point: Point) -> Point:
    result = NEUTRAL
    while factor:
        if factor & 1:
            result = add(result, point)
        point, factor = add(point, point), factor >> 1
    return result


def encode(point: Point) -> bytes:
    x, y = point
    return (y | (x & 1) << 255).to_bytes(32, "little")


def decode(data: bytes) -> Point | None:
    """The point in its one encoding (RFC 8032, 5.1.3); None if there is none."""
    number = int.from_bytes(data, "little")
    y, sign = number & ((1 << 255) - 1), number >> 255
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * _ROOT_OF_MINUS_ONE % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    return (P - x if x & 1 != sign else x), y


_BASE: Final = decode((4 * pow(5, -1, P) % P).to_bytes(32, "little")) or NEUTRAL


def of_small_order() -> list[Point]:
    """The eight points whose order divides the cofactor."""
    y = 2
    while True:
        point = decode(y.to_bytes(32, "little"))
        torsion = NEUTRAL if point is None else multiply(ORDER, point)
        multiples = {multiply(factor, torsion) for factor in range(8)}
        if len(multiples) == 8:
            return sorted(multiples)
        y += 1


def mixed_key(secret: int) -> tuple[bytes, Point]:
    """A public key that is the sum of an honest one and a point of order 8."""
    torsion = next(point for point in of_small_order() if multiply(4, point) != NEUTRAL)
    point = add(multiply(secret, _BASE), torsion)
    return encode(point), point


def challenge(commitment: bytes, public_key: bytes, message: bytes) -> int:
    return int.from_bytes(hashlib.sha512(commitment + public_key + message).digest(), "little") % ORDER


def sign(secret: int, nonce: int, public_key: bytes, message: bytes) -> bytes:
    """R‖S as for an honest key; under a mixed one it fits the equation with the cofactor."""
    commitment = encode(multiply(nonce, _BASE))
    s = (nonce + challenge(commitment, public_key, message) * secret) % ORDER
    return commitment + s.to_bytes(32, "little")
