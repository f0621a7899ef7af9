"""An independent implementation of the library's random streams from the published algorithms:
xoshiro256** (Blackman and Vigna 2018), seeded by splitmix64 from seed ^ FNV-1a of the name, character by character."""
import math

MASK = (1 << 64) - 1


def rotl(x, k):
    return ((x << k) | (x >> (64 - k))) & MASK


class Stream:
    def __init__(self, seed, name):
        h = 0xCBF29CE484222325
        for character in name:
            h = ((h ^ ord(character)) * 0x100000001B3) & MASK
        x = (seed & MASK) ^ h
        self.s = []
        for _ in range(4):
            x = (x + 0x9E3779B97F4A7C15) & MASK
            z = x
            z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
            z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
            self.s.append(z ^ (z >> 31))

    def word(self):
        s = self.s
        result = (rotl((s[1] * 5) & MASK, 7) * 9) & MASK
        t = (s[1] << 17) & MASK
        s[2] ^= s[0]
        s[3] ^= s[1]
        s[1] ^= s[2]
        s[0] ^= s[3]
        s[2] ^= t
        s[3] = rotl(s[3], 45)
        return result

    def uniform(self):
        return (self.word() >> 11) / 2.0 ** 53

    def below(self, bound):
        """Lemire's multiplication method on 32 bits, with rejection."""
        threshold = (2 ** 32 - bound) % bound
        while True:
            product = (self.word() >> 32) * bound
            if product % 2 ** 32 >= threshold:
                return product >> 32

    def gaussian(self):
        radius = math.sqrt(-2 * math.log(1 - self.uniform()))
        return radius * math.cos(2 * math.pi * self.uniform())

    def permutation(self, count):
        order = [0] * count
        for i in range(count):
            j = self.below(i + 1)
            order[i] = order[j]
            order[j] = i
        return order
