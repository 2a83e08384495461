"""Unpacks the columns of a readings block (docs/proof-format.md, "Codec 1"), from the document alone."""

MAX_ROWS = 20_000


class BlockError(Exception):
    pass


class RangeDecoder:
    def __init__(self, data):
        self.data, self.at, self.range, self.ones, self.seen = data, 4, 0xFFFFFFFF, [], []
        self.code = int.from_bytes((data + bytes(4))[:4], "big")

    def contexts(self, count):
        first = len(self.ones)
        self.ones += [32768] * count
        self.seen += [0] * count
        return first

    def _shift(self):
        while self.range < 1 << 24:
            if self.at >= len(self.data) + 3:
                raise BlockError("cut short")
            byte = self.data[self.at] if self.at < len(self.data) else 0
            self.code = (self.code << 8 | byte) & 0xFFFFFFFF
            self.range = self.range << 8 & 0xFFFFFFFF
            self.at += 1

    def bit(self, context):
        ones, seen = self.ones[context], self.seen[context]
        bound = (self.range >> 12) * max(1, ones >> 4)
        if self.code < bound:
            self.range, bit = bound, 1
            self.ones[context] = ones + (65535 - ones) // (seen + 2)
        else:
            self.code, self.range, bit = self.code - bound, self.range - bound, 0
            self.ones[context] = ones - ones // (seen + 2)
        self.seen[context] = min(seen + 1, 126)
        self._shift()
        return bit

    def bits(self, width):
        value = 0
        for _ in range(width):
            self.range >>= 1
            value <<= 1
            if self.code >= self.range:
                self.code -= self.range
                value += 1
            self._shift()
        return value

    def tree(self, base, width):
        node = 1
        for _ in range(width):
            node = 2 * node + self.bit(base + node)
        return node - (1 << width)


class Numbers:
    def __init__(self, coder):
        self.coder, self.base = coder, coder.contexts(64)

    def uint(self):
        length = self.coder.tree(self.base, 6)
        if length > 53:
            raise BlockError("a number beyond 2^53")
        return (1 << length) - 1 + self.coder.bits(length)

    def int(self):
        magnitude = self.uint()
        return -magnitude if magnitude and self.coder.bits(1) else magnitude


class Scale:
    mean = seen = 0

    def learn(self, magnitude):
        self.seen = min(self.seen + 1, 30)
        change = 16 * min(magnitude, 1 << 40) - self.mean
        self.mean += change // self.seen if change >= 0 else -(-change // self.seen)


class Codes:
    def __init__(self, coder):
        self.bits, self.coder = coder.bits, coder
        self.layout, self.weights, self.values = Numbers(coder), Numbers(coder), Numbers(coder)
        self.unary, self.excess = coder.contexts(14 * 20), Numbers(coder)

    def residual(self, scale):
        octave = scale.mean.bit_length()
        half = scale.mean >> (octave - 2) & 1 if octave >= 2 else 0
        step = max(0, octave - 6)
        base = self.unary + 20 * min(2 * octave + half, 12 + half)
        whole = 0
        while whole < 20 and self.coder.bit(base + whole):
            whole += 1
        if whole == 20:
            whole += self.excess.uint()
        magnitude = (whole << step) + self.bits(step)
        scale.learn(magnitude)
        return -magnitude if magnitude and self.bits(1) else magnitude


def clamp(value):
    return max(-(1 << 22), min(1 << 22, value))


def prediction(codes, known):
    near_time, modulus, drift, taps = codes.bits(1), codes.layout.uint(), codes.values.int(), []
    for _ in range(codes.bits(4)):
        series, lag, level, exponent = codes.bits(6), codes.bits(3), codes.bits(1), codes.bits(4)
        if series > known:
            raise BlockError("a tap out of bounds")
        taps.append((series, lag, level, codes.weights.int() << exponent))
    return near_time, modulus, drift, taps, codes.weights.int() if taps else 0


def integers(codes, spec, present, others, time):
    near_time, modulus, drift, taps, bias = spec
    rows, half = len(present), modulus // 2
    values, deltas, own, scale, before = [0] * rows, [0] * rows, [0] * 8, Scale(), None
    time = values if time is None else time
    for row in range(rows):
        if not present[row]:
            continue
        if before is None:
            before = values[row] = codes.values.int() + (time[row] if near_time else 0)
            continue
        total = 256 * bias + 32768
        for series, lag, level, weight in taps:
            if series == 0:
                total += weight * clamp(own[lag])
            elif row >= lag:
                total += weight * clamp(others[series - 1][0 if level else 1][row - lag])
        value = before + drift + (total >> 16) + codes.residual(scale)
        if modulus:
            value %= modulus
        delta = value - before
        if modulus:
            delta = (delta + half) % modulus - half
        values[row], deltas[row], before = value, delta, value
        move = delta - drift
        own[1:5] = [move] + own[1:4]
        for tap in (5, 6, 7):
            own[tap] = clamp(own[tap] - (own[tap] >> (tap - 3)) + move)
    return values, deltas


def sine(angle, turn):
    x = angle * 65536 // turn
    rising = x % 32768
    product = rising * (32768 - rising)
    magnitude = 16 * product * 16384 // (5 * 32768 * 32768 - 4 * product)
    return magnitude if x < 32768 else -magnitude


def polar(length, angle, turn):
    both = []
    for ahead in (turn // 4, 0):
        values = [clamp(far) * sine((way % turn + ahead) % turn, turn) // 16384 for far, way in zip(length, angle)]
        both.append((values, [0] + [b - a for a, b in zip(values, values[1:])]))
    return both


def byte_strings(codes, present):
    same, tree, scale, before, values = codes.coder.contexts(2), codes.coder.contexts(256), Scale(), b"", []
    for here in present:
        if here:
            length, matched, value = len(before) + codes.residual(scale), 0, bytearray()
            for i in range(length):
                former = before[i] if i < len(before) else 0
                matched = codes.coder.bit(same + matched)
                value.append(former if matched else codes.coder.tree(tree, 8))
            before = bytes(value)
        values.append(before)
    return values


def presence(codes, rows):
    if codes.bits(1):
        return [1] * rows
    base, before, present = codes.coder.contexts(2), 0, []
    for _ in range(rows):
        before = codes.coder.bit(base + before)
        present.append(before)
    return present


def stream(codes, rows):
    """The rows of one stream as (t, {key: value})."""
    count = codes.layout.uint()
    time = integers(codes, prediction(codes, 0), [1] * rows, [], None)
    series, fields = [time], [{} for _ in range(rows)]
    for _ in range(count):
        kind = codes.bits(2)
        if kind == 3:
            length, angle = codes.bits(6), codes.bits(6)
            series += polar(series[length - 1][0], series[angle - 1][0], codes.layout.uint())
            continue
        key, present = codes.layout.uint(), presence(codes, rows)
        if kind == 0:
            series.append(integers(codes, prediction(codes, len(series)), present, series, time[0]))
            values = series[-1][0]
        else:
            values = [v.decode() if kind == 2 else v for v in byte_strings(codes, present)]
        for row in range(rows):
            if present[row]:
                fields[row][key] = values[row]
    return [(t, dict(sorted(f.items()))) for t, f in zip(time[0], fields)]


def unpack(data, size):
    """The readings as [kind number, source index, t, {key: value}], in batch order."""
    if not 0 < size <= MAX_ROWS:
        raise BlockError("too many readings")
    coder = RangeDecoder(data)
    codes = Codes(coder)
    heads = [tuple(codes.layout.uint() for _ in range(3)) for _ in range(codes.layout.uint())]
    if not heads or any(rows == 0 for _, _, rows in heads) or sum(rows for _, _, rows in heads) != size:
        raise BlockError("not as many readings as the proof says")
    width, bases, before, order = (len(heads) - 1).bit_length(), {}, 0, []
    for _ in range(size):
        if before not in bases:
            bases[before] = coder.contexts(1 << width)
        before = coder.tree(bases[before], width)
        order.append(before)
    streams = [iter(stream(codes, rows)) for _, _, rows in heads]
    if coder.at != len(data) + 3:
        raise BlockError("the columns do not end with their bytes")
    return [[heads[i][0], heads[i][1], *next(streams[i])] for i in order]
