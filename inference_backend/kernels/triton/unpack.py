"""Codes as half-precision numbers, two at a time where the device's own instructions are allowed.

0x6400 is 1024, whose last ten bits count ones: a code put there is 1024 more than itself, and a code that lies ``n``
bits higher is ``2 ** n`` times as much more. One selection makes two bytes two halves, one logical operation puts the
bits of two codes in place, one multiplication with addition takes the rest away: 1.25 instructions a code of four
bits. The interpreter knows no instructions of a device and takes the plain form, which means the same.
"""

# mypy: disable-error-code="import-untyped, no-untyped-def, no-untyped-call, untyped-decorator"

from __future__ import annotations

import triton
import triton.language as tl

_NIBBLES = tl.constexpr("""
{
.reg .b32 a, b;
prmt.b32 a, $4, 0, 0x4140;
prmt.b32 b, $4, 0, 0x4342;
lop3.b32 $0, a, 0x000f000f, 0x64006400, 0xea;
lop3.b32 $1, b, 0x000f000f, 0x64006400, 0xea;
lop3.b32 $2, a, 0x00f000f0, 0x64006400, 0xea;
lop3.b32 $3, b, 0x00f000f0, 0x64006400, 0xea;
.reg .b32 one, low, part, high;
mov.b32 one, 0x3c003c00;
mov.b32 low, 0xe400e400;
mov.b32 part, 0x2c002c00;
mov.b32 high, 0xd400d400;
fma.rn.f16x2 $0, $0, one, low;
fma.rn.f16x2 $1, $1, one, low;
fma.rn.f16x2 $2, $2, part, high;
fma.rn.f16x2 $3, $3, part, high;
}
""")

_QUARTERS = tl.constexpr("""
{
.reg .b32 a, b;
prmt.b32 a, $8, 0, 0x4140;
prmt.b32 b, $8, 0, 0x4342;
lop3.b32 $0, a, 0x00030003, 0x64006400, 0xea;
lop3.b32 $1, b, 0x00030003, 0x64006400, 0xea;
lop3.b32 $2, a, 0x000c000c, 0x64006400, 0xea;
lop3.b32 $3, b, 0x000c000c, 0x64006400, 0xea;
lop3.b32 $4, a, 0x00300030, 0x64006400, 0xea;
lop3.b32 $5, b, 0x00300030, 0x64006400, 0xea;
lop3.b32 $6, a, 0x00c000c0, 0x64006400, 0xea;
lop3.b32 $7, b, 0x00c000c0, 0x64006400, 0xea;
.reg .b32 m, n;
mov.b32 m, 0x3c003c00;
mov.b32 n, 0xe400e400;
fma.rn.f16x2 $0, $0, m, n;
fma.rn.f16x2 $1, $1, m, n;
mov.b32 m, 0x34003400;
mov.b32 n, 0xdc00dc00;
fma.rn.f16x2 $2, $2, m, n;
fma.rn.f16x2 $3, $3, m, n;
mov.b32 m, 0x2c002c00;
mov.b32 n, 0xd400d400;
fma.rn.f16x2 $4, $4, m, n;
fma.rn.f16x2 $5, $5, m, n;
mov.b32 m, 0x24002400;
mov.b32 n, 0xcc00cc00;
fma.rn.f16x2 $6, $6, m, n;
fma.rn.f16x2 $7, $7, m, n;
}
""")


@triton.jit
def plane(raw, PLANE: tl.constexpr, BITS: tl.constexpr):
    """One plane's codes."""
    code = ((raw >> (PLANE * BITS)) & ((1 << BITS) - 1)).to(tl.uint16)
    return (code | 0x6400).to(tl.float16, bitcast=True) - 1024.0


@triton.jit
def planes(raw, BITS: tl.constexpr, NATIVE: tl.constexpr):
    """Four planes of codes; of fewer, the last again."""
    if BITS == 8:
        first = plane(raw, 0, 8)
        return first, first, first, first
    elif BITS == 4:
        if NATIVE:
            low, high = tl.inline_asm_elementwise(
                _NIBBLES, "=r,=r,=r,=r,r", [raw], dtype=(tl.float16, tl.float16), is_pure=True, pack=4
            )
        else:
            low, high = plane(raw, 0, 4), plane(raw, 1, 4)
        return low, high, high, high
    else:
        if NATIVE:
            return tl.inline_asm_elementwise(
                _QUARTERS,
                "=r,=r,=r,=r,=r,=r,=r,=r,r",
                [raw],
                dtype=(tl.float16, tl.float16, tl.float16, tl.float16),
                is_pure=True,
                pack=4,
            )
        else:
            return plane(raw, 0, 2), plane(raw, 1, 2), plane(raw, 2, 2), plane(raw, 3, 2)
