from __future__ import annotations

import os

# Read when a kernel is defined: it then runs in Triton's interpreter, on tensors of the processor.
os.environ.setdefault("TRITON_INTERPRET", "1")
