"""Prints the expected numbers of the library's random streams, for RandomStreamTests.cs.

    python3 make_random.py
"""
from streams import Stream

for seed, name in ((0, "shuffle"), (42, "weights"), (-1, "feature-mining"), (2 ** 63 - 1, "")):
    words = Stream(seed, name)
    print(seed, repr(name), "words", [hex(words.word()) for _ in range(4)])
    print("  doubles", [Stream(seed, name).uniform()], "gaussian", Stream(seed, name).gaussian(), "below 10", [s.below(10) for s in [Stream(seed, name)] for _ in range(12)],
          "below 2^31-1", Stream(seed, name).below(2 ** 31 - 1), "permutation", Stream(seed, name).permutation(10))

# The published reference sequence: state 1, 2, 3, 4.
reference = Stream(0, "")
reference.s = [1, 2, 3, 4]
print("reference", [reference.word() for _ in range(10)])
