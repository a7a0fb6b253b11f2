# SPDX-License-Identifier: Apache-2.0
#
# Python at ordinary work: threads, processes, files, json, sqlite3. What is printed is the same on every Linux.
import array, asyncio, bz2, collections, concurrent.futures, contextlib, csv, ctypes, datetime, decimal, fcntl, gzip, hashlib, io
import itertools, json, locale, lzma, mmap, multiprocessing, os, pathlib, pickle, queue, random, re, resource, select
import shutil, signal, sqlite3, stat, struct, subprocess, sys, tarfile, tempfile, threading, time, uuid, zipfile, zlib

os.chdir(tempfile.mkdtemp())


def section(name):
    print("==", name, flush=True)


section("language")
print(sys.version_info[:2], sys.byteorder, sys.maxsize, sys.getdefaultencoding(), locale.getpreferredencoding())
print(json.dumps({"b": [1, 2.5, None, True, "ü"], "a": {"nested": ["x"] * 2}}, sort_keys=True, indent=1))
print(json.loads('[1e3, "\\u263a"]'), re.sub(r"(\w)(\w*)", r"\2\1ay", "pig latin"))
random.seed(7); print([random.randrange(100) for _ in range(5)], decimal.Decimal(1) / 7, 2**200)
print(hashlib.sha256(b"sealift").hexdigest(), zlib.crc32(b"sealift"), struct.pack("<IH", 1, 2))
print(datetime.datetime.fromtimestamp(1704067200, datetime.timezone.utc).isoformat())
print(collections.Counter("mississippi").most_common(), list(itertools.accumulate(range(6))))
print(pickle.loads(pickle.dumps({"a": (1, {2})})), uuid.uuid5(uuid.NAMESPACE_DNS, "sealift"))
print(ctypes.CDLL(None).abs(-5), array.array("i", [1, 2]).tobytes())

section("files")
pathlib.Path("text").write_text("one\ntwo\nthree\n")
with open("text", "r+") as file:
    fcntl.flock(file, fcntl.LOCK_EX)
    file.seek(0, io.SEEK_END); file.write("four\n"); file.truncate(9)
print(pathlib.Path("text").read_bytes(), stat.filemode(os.stat("text").st_mode), os.path.getsize("text"))
os.makedirs("a/b/c"); os.symlink("b", "a/link"); os.link("text", "a/hard")
for folder, folders, files in sorted(os.walk(".")): print(folder, sorted(folders), sorted(files))
shutil.copytree("a", "copy", symlinks=True); shutil.rmtree("a"); print(sorted(os.listdir("copy")))
with open("mapped", "wb+") as file:
    file.truncate(8192)
    with mmap.mmap(file.fileno(), 8192) as memory: memory[4096:4100] = b"test"; memory.flush()
    file.seek(4095); print(file.read(6))
for module, name in ((gzip, "gz"), (bz2, "bz2"), (lzma, "xz")):
    data = b"sealift " * 1000
    print(name, module.decompress(module.compress(data)) == data)
with tarfile.open("t.tar.gz", "w:gz") as archive: archive.add("copy")
with tarfile.open("t.tar.gz") as archive: print(sorted(archive.getnames()))
with zipfile.ZipFile("z.zip", "w", zipfile.ZIP_DEFLATED) as archive: archive.writestr("x/y", "z" * 100)
with zipfile.ZipFile("z.zip") as archive: print(archive.infolist()[0].compress_size, archive.read("x/y")[:3])
writer = csv.writer(sys.stdout); writer.writerow(["a", 'b"c', 1])
for name in ("missing", "copy"):
    try: open(name)
    except OSError as error: print(type(error).__name__, error.errno, error.strerror)
with tempfile.NamedTemporaryFile() as file, os.fdopen(os.memfd_create("m"), "wb+") as memory:
    file.write(b"x" * 100_000); file.flush(); memory.truncate(5)
    print(os.sendfile(memory.fileno(), os.open(file.name, os.O_RDONLY), 0, 100_000), os.fstat(memory.fileno()).st_size)

section("subprocess")
print(subprocess.check_output(["echo", "hello"]), subprocess.run(["sh", "-c", "exit 3"]).returncode)
print(subprocess.run(["cat"], input=b"x" * 300_000, capture_output=True).stdout == b"x" * 300_000)
print(subprocess.run(["sh", "-c", "kill -9 $$"]).returncode, subprocess.run("echo $A; cat missing", shell=True, env={"A": "1", "PATH": os.environ["PATH"]}, capture_output=True))
try: subprocess.run(["missing"])
except FileNotFoundError as error: print(error)
try: subprocess.run(["sleep", "10"], timeout=0.2)
except subprocess.TimeoutExpired as error: print("timeout", round(error.timeout, 1))
with subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True) as child:
    child.stdin.write(b"line\n"); child.stdin.flush(); print(child.stdout.readline())
    print(os.getsid(child.pid) == child.pid); child.terminate(); print(child.wait())
pid = os.fork()
if pid == 0: os._exit(7)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), resource.getrlimit(resource.RLIMIT_NOFILE)[0])
# An epoll set is refused what cannot be waited for.
with select.epoll() as poll:
    r, w = os.pipe(); poll.register(r, select.EPOLLIN); print(poll.poll(0)); os.write(w, b"!"); print([e for _, e in poll.poll()])
    try: poll.register(os.open("text", os.O_RDONLY))
    except PermissionError as error: print(error)

section("signals")
signal.signal(signal.SIGUSR1, lambda number, frame: print("signal", signal.Signals(number).name))
os.kill(os.getpid(), signal.SIGUSR1)
signal.signal(signal.SIGALRM, lambda *_: (_ for _ in ()).throw(TimeoutError("alarm")))
signal.setitimer(signal.ITIMER_REAL, 0.05)
try: time.sleep(5)
except TimeoutError as error: print(error)
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR2}); os.kill(os.getpid(), signal.SIGUSR2)
print(signal.sigpending(), signal.sigwait({signal.SIGUSR2}).name)

section("threads")
lock, total, barrier = threading.Lock(), 0, threading.Barrier(4)
def work(number):
    global total
    barrier.wait()
    for _ in range(1000):
        with lock: total += number
threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(total, threading.active_count())
tasks = queue.Queue()
def drain(results):
    while (item := tasks.get()) is not None: results.append(item * item)
results = []; consumer = threading.Thread(target=drain, args=(results,)); consumer.start()
for i in range(10): tasks.put(i)
tasks.put(None); consumer.join(); print(results)
with concurrent.futures.ThreadPoolExecutor(4) as pool: print(list(pool.map(lambda x: zlib.crc32(b"%d" % x), range(5))))
event = threading.Event(); threading.Timer(0.05, event.set).start(); print(event.wait(5), threading.Event().wait(0.05))

section("processes")
def square(number): return number * number
context = multiprocessing.get_context("fork")
with concurrent.futures.ProcessPoolExecutor(2, mp_context=context) as pool: print(list(pool.map(square, range(8))))
value = context.Value("i", 0)
def add():
    for _ in range(100):
        with value.get_lock(): value.value += 1
children = [context.Process(target=add) for _ in range(3)]
for child in children: child.start()
for child in children: child.join()
print(value.value, [child.exitcode for child in children])

section("sqlite3")
with contextlib.closing(sqlite3.connect("data.db")) as database:
    print(database.execute("pragma journal_mode=wal").fetchone())
    with database:
        database.execute("create table numbers (n integer primary key, text)")
        database.executemany("insert into numbers values (?, ?)", ((i, str(i) * 3) for i in range(1000)))
    reader = sqlite3.connect("data.db"); database.execute("begin immediate"); database.execute("delete from numbers")
    print(reader.execute("select count(*), sum(n) from numbers").fetchone()); database.rollback()
    try: reader.execute("insert into numbers values (1, 1)")
    except sqlite3.IntegrityError as error: print(error)
    reader.close(); print(database.execute("pragma integrity_check").fetchone(), sorted(os.listdir("."))[-4:])
    memory = sqlite3.connect(":memory:"); database.backup(memory)
    print(memory.execute("select text from numbers where n = 500").fetchone())

section("asyncio")
async def serve(reader, writer):
    while line := await reader.readline():
        writer.write(line.upper())
        await writer.drain()
    writer.close()
async def ask(host, port, number):
    reader, writer = await asyncio.open_connection(host, port)
    answers = []
    for i in range(3):
        writer.write(b"client %d line %d\n" % (number, i))
        answers.append(await reader.readline())
        await asyncio.sleep(0.01)
    writer.close()
    await writer.wait_closed()
    return answers
class Echo(asyncio.DatagramProtocol):
    def connection_made(self, transport): self.transport = transport
    def datagram_received(self, data, sender): self.transport.sendto(data[::-1], sender)
class Question(asyncio.DatagramProtocol):
    def __init__(self): self.answer = asyncio.get_running_loop().create_future()
    def connection_made(self, transport): transport.sendto(b"datagram")
    def datagram_received(self, data, sender): self.answer.set_result(data)
async def converse():
    loop = asyncio.get_running_loop()
    for host in ("127.0.0.1", "::1"):
        async with await asyncio.start_server(serve, host, 0) as server:
            port = server.sockets[0].getsockname()[1]
            print(await asyncio.gather(*(ask(host, port, number) for number in range(4))))
    transport, _ = await loop.create_datagram_endpoint(Echo, local_addr=("127.0.0.1", 0))
    peer, question = await loop.create_datagram_endpoint(Question, remote_addr=transport.get_extra_info("sockname"))
    print(await question.answer); peer.close(); transport.close()
    child = await asyncio.create_subprocess_exec("cat", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE)
    print(await child.communicate(b"through a process"), child.returncode)
    try: await asyncio.wait_for(asyncio.sleep(10), 0.05)
    except asyncio.TimeoutError: print("timeout")
    print(await loop.run_in_executor(None, sum, range(1000)))
    received = asyncio.Event(); loop.add_signal_handler(signal.SIGUSR1, received.set)
    os.kill(os.getpid(), signal.SIGUSR1); await received.wait(); print("signal in the loop")
asyncio.run(converse())
sys.exit(6)
