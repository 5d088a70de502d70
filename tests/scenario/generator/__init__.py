# SPDX-License-Identifier: MIT
"""Random scenario programs: text.py holds what is being written, graph.py makes objects and links at
random, and the other modules have the kinds of programs, which kinds.py lists."""
