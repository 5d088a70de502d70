# SPDX-License-Identifier: MIT
# The programs of foreign: program_NAME runs in a folder of its own, runs "${trace[@]}" COMMAND... for
# what is traced, and prints what must be equal in both runs.
# shellcheck shell=bash disable=SC2154 # trace comes from foreign

declare -A needs limit_s proofs
programs=()
declare_program() { # NAME SECONDS PROOF NEEDS...: PROOF is a line that tells that it did its work, as a regular expression
	programs+=("$1")
	limit_s[$1]=$2
	proofs[$1]=$3
	needs[$1]=${*:4}
}

python=/usr/bin/python3
python_tests=/usr/lib/python3.11/test

# The outcome of each test of CPython's own suite, by name; every object through malloc.
cpython() {
	TMPDIR=$PWD PYTHONMALLOC=malloc "${trace[@]}" $python -m test --junit-xml "$PWD/junit.xml" "$@" >log 2>&1
	echo "exit status $?"
	$python - <<'END'
import xml.etree.ElementTree as tree
for case in tree.parse("junit.xml").iter("testcase"):
    outcome = [child.tag for child in case if child.tag in ("failure", "error", "skipped")]
    print(case.get("name"), *(outcome or ["ok"]))
END
}
for test in gc threading thread fork1 subprocess signal multiprocessing_fork mmap ctypes ssl sqlite3 \
	asyncio capi exceptions generators json re pickle posix faulthandler; do
	declare_program cpython_$test 900 ' ok$' $python $python_tests/test_$test*
	eval "program_cpython_$test() { cpython test_$test; }"
done

declare_program perl_suite 600 'from a child$' perl
program_perl_suite() {
	cat >words.pl <<'END'
use strict; use warnings;
use threads; use List::Util qw(sum); use Data::Dumper; use Storable qw(dclone); use Encode;
$Data::Dumper::Sortkeys = 1;
my %count;
srand 7;
for my $round (1 .. 200) {
	my $text = join ' ', map { chr(97 + $_ % 26) x ($_ % 7 + 1) } 1 .. 500;
	$count{$_}++ for split / /, $text;
	my @sorted = sort { $count{$b} <=> $count{$a} || $a cmp $b } keys %count;
	my $copy = dclone(\%count);
	$text =~ s/(\w)\1+/uc $1/ge;
	my $bytes = encode('UTF-8', $text . chr 0x263a);
	die if decode('UTF-8', $bytes) ne $text . chr 0x263a;
}
print Dumper(\%count);
my @workers = map { my $n = $_; threads->create(sub { my %h; $h{$_ % 100} .= "x$n" for 1 .. 20000; sum(map length, values %h) }) } 1 .. 4;
print join(' ', map $_->join, @workers), "\n";
for (1 .. 30) { my $pid = fork // die; if (!$pid) { my @a = map { [ $_ ] } 1 .. 1000; exit @a % 7 } waitpid $pid, 0; print $? >> 8, ' ' }
print `echo from a child`;
END
	"${trace[@]}" perl words.pl
}

declare_program sqlite3_shell 600 '^ok$' sqlite3
program_sqlite3_shell() {
	"${trace[@]}" sqlite3 base.db <<'END'
PRAGMA journal_mode=WAL;
CREATE TABLE t(id INTEGER PRIMARY KEY, name TEXT, value REAL);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000)
INSERT INTO t SELECT i, printf('name %d', i * 7919 % 200003), i * 0.5 FROM n;
CREATE INDEX by_name ON t(name);
SELECT count(*), sum(value), min(name), max(name) FROM t;
SELECT name, value FROM t ORDER BY name DESC LIMIT 5;
SELECT substr(name, 1, 7) AS p, count(*) FROM t GROUP BY p ORDER BY 2 DESC, 1 LIMIT 5;
SELECT json_group_array(id) FROM (SELECT id FROM t ORDER BY id LIMIT 20);
UPDATE t SET value = value + 1 WHERE id % 3 = 0;
DELETE FROM t WHERE id % 5 = 0;
VACUUM;
PRAGMA integrity_check;
SELECT count(*), total(value) FROM t;
END
}

declare_program own_check 900 '^# FAIL:  0$' make
program_own_check() {
	# The tests' environment has no LD_PRELOAD: each test program gets it again from what runs it.
	"${trace[@]}" make -C "${top_builddir:?}" -j2 check-unit LOG_COMPILER="${trace[*]}" 2>&1 | grep -E '^(PASS|FAIL|ERROR|# )' | sort
}

declare_program cxx_threads 600 '^1123$' g++
program_cxx_threads() {
	cat >a.cc <<'END'
#include <future>
#include <iostream>
#include <map>
#include <memory>
#include <regex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>
static int deep(int n)
{
	std::string s(n + 20, 'x');
	if (!n)
		throw std::runtime_error(s);
	return deep(n - 1) + (int)s.size();
}
static long work(int seed)
{
	long sum = 0;
	std::map<std::string, std::shared_ptr<std::vector<int>>> m;
	for (int i = 0; i < 3000; i++) {
		auto &p = m[std::to_string(i * seed % 997)];
		if (!p)
			p = std::make_shared<std::vector<int>>();
		p->push_back(i);
		try {
			deep(i % 40);
		} catch (const std::exception &e) {
			sum += e.what()[0] + (long)p->size();
		}
	}
	return sum;
}
int main()
{
	std::vector<std::future<long>> f;
	for (int i = 1; i <= 8; i++)
		f.push_back(std::async(std::launch::async, work, i));
	for (auto &x : f)
		std::cout << x.get() << '\n';
	std::regex r("(a|b)*c([0-9]+)");
	std::smatch m;
	std::string text = "ababc123";
	std::cout << std::regex_match(text, m, r) << m[2] << '\n';
}
END
	g++ -O2 -pthread -o a a.cc && "${trace[@]}" ./a
}

declare_program ripgrep 600 '^[1-9][0-9]+ lines$' rg
program_ripgrep() {
	"${trace[@]}" rg --sort path -n 'def (test_[a-z]+)\(self\)' /usr/lib/python3.11/ -g '*.py' -o | sha256sum
	"${trace[@]}" rg -c --sort path import /usr/lib/python3.11/ >found
	sha256sum found
	echo "$(wc -l <found) lines"
}

declare_program node 600 '^5000 196418 ' node
program_node() {
	cat >a.js <<'END'
const crypto = require('crypto'), zlib = require('zlib'), { Worker, isMainThread, workerData, parentPort } = require('worker_threads');
function fib(n) { return n < 2 ? n : fib(n - 1) + fib(n - 2) }
if (!isMainThread) {
	parentPort.postMessage(fib(24 + workerData));
} else {
	const m = new Map();
	for (let i = 0; i < 300000; i++) m.set('k' + i % 5000, { i, s: 'x'.repeat(i % 50) });
	console.log(m.size, fib(27), JSON.stringify([...m.values()].slice(0, 5)));
	const z = zlib.deflateSync(Buffer.from('abc'.repeat(100000)));
	console.log(z.length, zlib.inflateSync(z).length, crypto.createHash('sha256').update(z).digest('hex'));
	let left = 3, sum = 0;
	for (let i = 0; i < 3; i++)
		new Worker(__filename, { workerData: i }).on('message', v => { sum += v }).on('exit', () => { if (!--left) console.log(sum) });
}
END
	"${trace[@]}" node a.js
}

declare_program java 600 '^deep$' java
program_java() {
	cat >A.java <<'END'
import java.util.*;
import java.util.stream.*;
public class A {
	public static void main(String[] args) throws Exception {
		Map<String, List<Integer>> m = new TreeMap<>();
		for (int i = 0; i < 300000; i++)
			m.computeIfAbsent("k" + i % 1000, k -> new ArrayList<>()).add(i);
		System.out.println(m.values().stream().mapToLong(l -> l.stream().mapToLong(x -> x).sum()).sum());
		System.out.println(IntStream.range(0, 100000).parallel().mapToObj(Integer::toString).collect(Collectors.joining()).hashCode());
		try { deep(0); } catch (StackOverflowError e) { System.out.println("deep"); }
		Thread[] t = new Thread[8];
		for (int i = 0; i < 8; i++) { t[i] = new Thread(() -> { byte[][] b = new byte[100][]; for (int j = 0; j < 1000; j++) b[j % 100] = new byte[10000]; }); t[i].start(); }
		for (Thread x : t) x.join();
	}
	static int deep(int n) { return deep(n + 1) + 1; }
}
END
	"${trace[@]}" java -Xmx256m A.java
}

declare_program redis 300 "^server's exit status 0$" redis-server redis-benchmark redis-cli
program_redis() {
	"${trace[@]}" redis-server --port 0 --unixsocket "$PWD/s" --save '' --daemonize no --dir "$PWD" >server.log 2>&1 &
	local server=$!
	wait_for_socket s
	redis-benchmark -s s -q -n 30000 -c 20 -r 10000 -t set,get,incr,lpush,rpop,sadd,hset,zadd,mset | sed 's/:.*//' | tr '\r' '\n' | sed 's/:.*//' | sort -u
	redis-cli -s s eval 'for i = 1, 1000 do redis.call("set", "lua" .. i, string.rep("x", i)) end return redis.call("strlen", "lua1000")' 0
	redis-cli -s s bgsave >/dev/null
	redis-cli -s s debug sleep 0.2 >/dev/null
	redis-cli -s s get lua7
	redis-cli -s s shutdown nosave
	wait $server
	echo "server's exit status $?"
}

wait_for_socket() {
	local i
	for ((i = 0; i < 200; i++)); do
		[ -S "$1" ] && return
		sleep 0.05
	done
	echo "no socket $1"
}

declare_program nginx 300 '^Complete requests: +5000$' nginx ab
program_nginx() {
	mkdir -p html tmp
	head -c 100000 /dev/zero | tr '\0' x >html/big
	echo hello >html/index.html
	cat >nginx.conf <<END
daemon off; master_process on; worker_processes 2; pid $PWD/pid; error_log $PWD/error.log;
events { worker_connections 256; }
http { access_log off; client_body_temp_path $PWD/tmp; proxy_temp_path $PWD/tmp; fastcgi_temp_path $PWD/tmp; uwsgi_temp_path $PWD/tmp; scgi_temp_path $PWD/tmp;
server { listen 127.0.0.1:${port:-18080}; root $PWD/html; gzip on; gzip_types *; } }
END
	chmod -R a+rX "$PWD"
	"${trace[@]}" nginx -p "$PWD" -c "$PWD/nginx.conf" >server.log 2>&1 &
	local server=$! i
	for ((i = 0; i < 100; i++)); do
		(exec 3<>"/dev/tcp/127.0.0.1/${port:-18080}") 2>/dev/null && break
		sleep 0.05
	done
	ab -q -n 5000 -c 20 -k "http://127.0.0.1:${port:-18080}/big" | grep -E '^(Complete|Failed|Non-2xx|HTML transferred)'
	ab -q -n 2000 -c 20 -H 'Accept-Encoding: gzip' "http://127.0.0.1:${port:-18080}/" | grep -E '^(Complete|Failed|Non-2xx|HTML transferred)'
	kill -HUP $server
	sleep 0.5
	ab -q -n 500 -c 5 "http://127.0.0.1:${port:-18080}/" | grep -E '^(Complete|Failed|Non-2xx)'
	kill -QUIT $server
	wait $server
	echo "server's exit status $?"
	grep -v -E 'notice' error.log
}

pg_bin=/usr/lib/postgresql/15/bin
declare_program postgresql 600 'actually processed: 800/800$' $pg_bin/initdb $pg_bin/pg_ctl setpriv
program_postgresql() {
	local as=()
	if [ "$(id -u)" -eq 0 ]; then
		chown 65534:65534 . && chmod 755 .
		[ ${#trace[@]} -eq 0 ] || chmod 777 ../ledgers
		as=(setpriv --reuid=65534 --regid=65534 --clear-groups)
	fi
	export LC_ALL=C PGHOST=$PWD PGUSER=postgres
	"${as[@]}" "${trace[@]}" $pg_bin/initdb -U postgres -A trust -D "$PWD/data" >log 2>&1
	echo "initdb: $?"
	"${as[@]}" "${trace[@]}" $pg_bin/postgres -D "$PWD/data" -k "$PWD" -c listen_addresses= -c fsync=off >server.log 2>&1 &
	local server=$!
	wait_for_socket .s.PGSQL.5432
	# The socket is there before the server lets anybody in.
	local i
	for ((i = 0; i < 200; i++)); do
		$pg_bin/psql -h "$PWD" -U postgres -qAt -c 'select 1' >/dev/null 2>&1 && break
		sleep 0.1
	done
	$pg_bin/psql -h "$PWD" -U postgres -qAt -c 'create table t as select i, md5(i::text) m from generate_series(1, 50000) i' \
		-c 'create index on t(m)' -c 'select count(*), min(m), max(m) from t' -c 'select sum(i) from t where m like $$a%$$'
	$pg_bin/pgbench -h "$PWD" -U postgres -i -q -s 1 postgres >/dev/null 2>&1
	echo "pgbench -i: $?"
	$pg_bin/pgbench -h "$PWD" -U postgres -t 200 -c 4 -j 2 postgres 2>/dev/null | grep -E 'transactions actually|failed'
	kill -INT $server
	wait $server
	echo "server's exit status $?"
}

declare_program gdb 300 '^.1 = 7$' gdb gcc
program_gdb() {
	cat >a.c <<'END'
#include <stdio.h>
#include <stdlib.h>
static int square(int n) { int *p = malloc(sizeof *p); *p = n * n; int r = *p; free(p); return r; }
int main(void) { int sum = 0; for (int i = 0; i < 10; i++) sum += square(i); printf("%d\n", sum); return 0; }
END
	gcc -g -O0 -o a a.c
	"${trace[@]}" gdb -nx -batch -ex 'break square if n == 7' -ex run -ex bt -ex 'print n' -ex 'info locals' -ex finish \
		-ex 'python print([f.name() for f in [gdb.selected_frame()]])' -ex delete -ex continue ./a 2>&1 |
		sed -E 's/0x[0-9a-f]+/ADDRESS/g; s/process [0-9]+/process N/; /debuginfod|libthread_db|Using host/d'
}

declare_program git 600 '^[0-9a-f]{40}$' git
program_git() {
	export GIT_CONFIG_NOSYSTEM=1 HOME=$PWD GIT_AUTHOR_DATE=2020-01-01T00:00:00Z GIT_COMMITTER_DATE=2020-01-01T00:00:00Z \
		GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@example.org GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@example.org
	"${trace[@]}" git init -q -b main repo
	cd repo || return
	cp -r /usr/lib/python3.11/[a-j]* . 2>/dev/null
	"${trace[@]}" git add -A
	"${trace[@]}" git commit -q -m one
	local i
	for i in $(seq 60); do
		echo "line $i" >>ast.py
		"${trace[@]}" git commit -q -a -m "change $i"
	done
	# Hundreds of files, each in a few of hundreds of commits.
	$python - <<'END' | "${trace[@]}" git fast-import --quiet
def data(text):
    print(f"data {len(text)}\n{text}")
lines = {n: [f"{n} {i} {i * 7919 % 10007}" for i in range(60)] for n in range(600)}
for commit in range(400):
    print("commit refs/heads/long\ncommitter a <a@example.org>", 1577836800 + commit, "+0000")
    data(f"commit {commit}")
    for n in range(600) if commit == 0 else [(commit * 31 + k * 97) % 600 for k in range(9)]:
        lines[n][commit * 13 % 60] = f"changed by {commit}"
        print(f"M 644 inline folder{n % 20}/file{n}.txt")
        data("\n".join(lines[n]) + "\n")
END
	"${trace[@]}" git rev-parse HEAD long
	"${trace[@]}" git log --oneline long -- folder7 | sha256sum
	"${trace[@]}" git blame long folder7/file7.txt | sha256sum
	"${trace[@]}" git -c pack.threads=2 gc -q --aggressive --prune=now
	"${trace[@]}" git fsck --full 2>&1 | grep -v '^Checking'
	"${trace[@]}" git log --stat -p | sha256sum
	"${trace[@]}" git clone -q . ../copy && "${trace[@]}" git -C ../copy rev-parse HEAD
	"${trace[@]}" git grep -c import | sha256sum
}

# g++ and gcc compile our own tree: the objects are byte for byte the same.
declare_program compilers 600 '^[0-9a-f]{64}  -$' g++ gcc
program_compilers() {
	local source
	local preload=$here/../../preload
	for source in "$preload"/*.c "$preload"/*/*.c; do
		[ "${source##*/}" != ranks.c ] || continue # of builds that check the order of locks
		"${trace[@]}" gcc -O2 -g -D_GNU_SOURCE -mgeneral-regs-only -include "${top_builddir:?}"/config.h \
			-I"$here"/../../src -I"$preload" -I"$preload"/arch/x86-64 -DHL_LIBUNWIND_SONAME='"x"' \
			-include base/versions.h -include base/bytes.h -c -o a.o "$source" || return
		sha256sum <a.o
	done
	for source in "$here"/../../src/snapshot/[a-g]*.c; do
		"${trace[@]}" gcc -O2 -g -D_GNU_SOURCE -include "${top_builddir:?}"/config.h -I"$here"/../../src \
			-c -o a.o "$source" || return
		sha256sum <a.o
	done
	for source in "$here"/../preload/*.cc; do
		"${trace[@]}" g++ -O2 -g -c -o a.o "$source" && sha256sum <a.o
	done
	"${trace[@]}" g++ -O2 -g -c -x c++ -o b.o - <<'END' && sha256sum <b.o
#include <algorithm>
#include <iostream>
#include <map>
#include <regex>
int main() { std::map<std::string, std::regex> m; m.emplace("a", std::regex("b+")); std::cout << m.size(); }
END
}
