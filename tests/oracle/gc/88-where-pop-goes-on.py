# Where pop() goes on: kept by clear() and by what replaces the table.
def rest(s, n):
    for i in range(n):
        s.add(i)
    return s.pop()
s = set()
for i in range(8):
    s.add(i)
while len(s) > 0:
    s.pop()
s.clear()
print(rest(s, 9), len(s))
for n in (3, 5, 9, 20, 40):
    s = set(range(n))
    for i in range(n - 2):
        s.pop()
    s &= set(range(100))
    print(n, rest(s, 30))
    s.clear()
    print(n, rest(s, 12))
    s -= {1, 2}
    print(n, s.pop())
    s ^= {1, 2, 50}
    print(n, s.pop())
    s |= {7, 8}
    print(n, s.pop())
    t = s.copy()
    print(n, t.pop(), s.pop())
    t = s | {90}
    print(n, t.pop())
