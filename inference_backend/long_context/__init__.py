"""Rotary factors that let a model read texts longer than those it was trained on (LongRoPE, LongRoPE2)."""
