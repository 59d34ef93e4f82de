package dev.pannier.collector.http;

import dev.pannier.collector.config.Configuration.Address;
import dev.pannier.collector.health.Health;
import dev.pannier.collector.health.Heart;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.UnsupportedAddressTypeException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The server: one selector, one thread, any number of addresses. In a round each connection is
/// read from once, so a flood on one of them keeps the others waiting for a round and no longer. Requests
/// are handled one of each connection in turn; where that takes long, what is left waits for the next round.
///
/// [#doWork] and [#await] are the loop, [#start] is the thread around them.
public final class HttpServer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(HttpServer.class);

  private static final int READ_BYTES = 64 * 1024;
  private static final int BACKLOG = 256;
  private static final int ACCEPTS_A_ROUND = 64;

  /// How many connections above the endpoints' limits are held while they are told so.
  private static final int MAX_SURPLUS = 32;

  /// How long a connection has been idle when it makes room for another, if one is: the request
  /// of one that has just been opened is still on its way.
  private static final long IDLE_NANOS = 1_000_000_000L;

  /// How long a round that has begun may go on once it is the last.
  private static final Duration LAST_ROUND = Duration.ofSeconds(1);

  /// How long a round goes on handling requests.
  private static final long HANDLING_NANOS = 100_000_000L;

  private static final long TICK_NANOS = 50_000_000L;
  private static final long IDLE_TICK_NANOS = 1_000_000_000L;

  /// Without a connection there are no time limits; it comes round to show that it lives.
  private static final long LONGEST_WAIT_NANOS = 10_000_000_000L;

  /// How long accepting pauses after the system had no more descriptors.
  private static final long ACCEPT_PAUSE_NANOS = 1_000_000_000L;

  private final ServerSettings settings;
  private final LongSupplier nanoClock;
  private final Selector selector;
  private final ByteBuffer readBuffer = ByteBuffer.allocateDirect(READ_BYTES);
  private final Queue<Exchange> answers = new ConcurrentLinkedQueue<>();

  /// Those that have requests to be handled, whose turn comes in this order.
  private final Queue<Connection> complete = new ArrayDeque<>();

  private final Set<Endpoint> endpoints = new LinkedHashSet<>();
  private final Set<ClientSocket> sockets = new LinkedHashSet<>();

  private long nextTickNanos;
  private long acceptAgainNanos;
  private boolean acceptPaused;
  private int surplusConnections;
  private boolean busy;

  private volatile boolean shutDownAsked;
  private boolean shuttingDown;
  private volatile boolean stopped;
  private @Nullable Thread thread;

  private HttpServer(ServerSettings settings, LongSupplier nanoClock) throws IOException {
    this.settings = settings;
    this.nanoClock = nanoClock;
    this.selector = Selector.open();
    this.nextTickNanos = nanoClock.getAsLong();
  }

  /// @param nanoClock monotonic, as [System#nanoTime]
  public static HttpServer open(ServerSettings settings, LongSupplier nanoClock)
      throws IOException {
    return new HttpServer(settings, nanoClock);
  }

  /// Listens on an address. Before [#start], or on the loop's thread.
  ///
  /// @return the address, with the port that was chosen where it was 0
  /// @throws IOException that names the address, where it is in use or not of this machine
  public Address listen(Address address, Endpoint endpoint) throws IOException {
    InetSocketAddress wanted = new InetSocketAddress(address.host(), address.port());
    ServerSocketChannel channel = ServerSocketChannel.open();
    try {
      if (wanted.isUnresolved()) {
        throw new IOException("unknown host");
      }
      channel.setOption(StandardSocketOptions.SO_REUSEADDR, true);
      channel.bind(wanted, BACKLOG);
      channel.configureBlocking(false);
      channel.register(selector, SelectionKey.OP_ACCEPT, endpoint);
      endpoints.add(endpoint);
      return new Address(address.host(), channel.socket().getLocalPort());
    } catch (IOException | UnsupportedAddressTypeException e) {
      channel.close();
      throw new IOException(
          "cannot listen on " + address.host() + ":" + address.port() + ": " + e.getMessage(), e);
    }
  }

  /// One round: what has come is read and handled, what was answered is sent. Never waits.
  ///
  /// @return how much was done; 0 for nothing
  public int doWork(long nowNanos) throws IOException {
    int work = 0;
    selector.selectNow();
    for (SelectionKey key : selector.selectedKeys()) {
      work++;
      if (key.isValid() && key.attachment() instanceof ClientSocket socket) {
        socket.ready(nowNanos);
      }
    }
    // After the others: who has just gone has made room.
    for (SelectionKey key : selector.selectedKeys()) {
      if (key.isValid() && key.isAcceptable()) {
        accept(key, nowNanos);
      }
    }
    busy |= work > 0;
    selector.selectedKeys().clear();
    work += handle(nowNanos);
    work += sendAnswers(nowNanos);
    if (shutDownAsked && !shuttingDown) {
      beginShutDown(nowNanos);
    }
    if (nowNanos - nextTickNanos >= 0) {
      nextTickNanos = nowNanos + TICK_NANOS;
      tick(nowNanos);
      work += sendAnswers(nowNanos);
    }
    return work;
  }

  /// Handles requests that have come whole.
  private int handle(long nowNanos) {
    int work = 0;
    long sinceNanos = nanoClock.getAsLong();
    while (!complete.isEmpty() && nanoClock.getAsLong() - sinceNanos <= HANDLING_NANOS) {
      Connection next = complete.remove();
      if (next.handleNext()) {
        complete.add(next);
      }
      work += 1 + sendAnswers(nowNanos);
    }
    return work;
  }

  /// Waits for something to do: until a client or an answer comes, or time limits have to be
  /// looked after.
  public void await(long nowNanos) throws IOException {
    boolean quiet = sockets.isEmpty() && !acceptPaused && !shuttingDown;
    long waitNanos = busy ? nextTickNanos - nowNanos : quiet ? LONGEST_WAIT_NANOS : IDLE_TICK_NANOS;
    if (answers.isEmpty() && complete.isEmpty() && !stopped && waitNanos > 0) {
      selector.select(Math.max(1, waitNanos / 1_000_000));
    }
  }

  /// Runs the loop on a thread of its own.
  ///
  /// @param health is told that the loop lives, under the thread's name
  public void start(String threadName, Health health) {
    Heart beating = health.register(threadName);
    Thread started = Thread.ofPlatform().name(threadName).unstarted(() -> run(beating));
    thread = started;
    started.start();
  }

  private void run(Heart heart) {
    try {
      while (!stopped) {
        long nowNanos = nanoClock.getAsLong();
        heart.beat(nowNanos);
        if (doWork(nowNanos) == 0) {
          await(nowNanos);
        }
      }
      heart.stopped();
    } catch (Throwable e) {
      // Whatever it is, health has to show that this server serves no more.
      heart.failed("ended by " + e);
      LOG.error("the server has ended", e);
    } finally {
      closeAll();
    }
  }

  /// Takes no new connections and requests from here on.
  void shutDown() {
    shutDownAsked = true;
    selector.wakeup();
  }

  /// Takes no new connections and requests, lets those under way end until the deadline, then
  /// closes everything.
  ///
  /// @return false where a handler holds up the loop: it is told, and closes everything when it ends
  public boolean close(Duration deadline) {
    shutDown();
    Thread started = thread;
    if (started == null) {
      stopped = true;
      closeAll();
      return true;
    }
    try {
      if (deadline.isPositive()) {
        started.join(deadline);
      }
      stopped = true;
      selector.wakeup();
      boolean ended = started.join(LAST_ROUND);
      if (!ended) {
        LOG.warn(
            "{} does not end: a request holds it up, and nobody waits for it any more",
            started.getName());
      }
      return ended;
    } catch (InterruptedException e) {
      stopped = true;
      selector.wakeup();
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /// Closes at once.
  @Override
  public void close() {
    close(Duration.ZERO);
  }

  private void accept(SelectionKey key, long nowNanos) {
    ServerSocketChannel server = (ServerSocketChannel) key.channel();
    Endpoint endpoint = (Endpoint) key.attachment();
    for (int i = 0; i < ACCEPTS_A_ROUND; i++) {
      SocketChannel channel;
      try {
        channel = server.accept();
      } catch (IOException e) {
        LOG.warn("no connection can be accepted for a second: {}", e.getMessage());
        key.interestOps(0);
        acceptPaused = true;
        acceptAgainNanos = nowNanos + ACCEPT_PAUSE_NANOS;
        return;
      }
      if (channel == null) {
        return;
      }
      try {
        open(channel, endpoint, nowNanos);
      } catch (IOException e) {
        LOG.debug("closing a socket", e);
      }
    }
  }

  private void open(SocketChannel channel, Endpoint endpoint, long nowNanos) throws IOException {
    if (endpoint.connections >= endpoint.maxConnections) {
      removeClosed();
    }
    if (endpoint.connections >= endpoint.maxConnections) {
      makeRoom(endpoint, nowNanos);
    }
    boolean refused = endpoint.connections >= endpoint.maxConnections;
    if (refused && surplusConnections >= MAX_SURPLUS) {
      channel.close();
      return;
    }
    try {
      channel.configureBlocking(false);
      channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
      InetSocketAddress client = (InetSocketAddress) channel.getRemoteAddress();
      SelectionKey key = channel.register(selector, SelectionKey.OP_READ);
      Connection connection =
          new Connection(
              endpoint,
              settings,
              client.getAddress(),
              refused,
              this::answered,
              complete::add,
              nowNanos);
      ClientSocket socket = new ClientSocket(key, readBuffer, connection, refused);
      connection.socket = socket;
      key.attach(socket);
      sockets.add(socket);
    } catch (IOException e) {
      channel.close(); // the client went while it was accepted
      return;
    }
    if (refused) {
      surplusConnections++;
    } else {
      endpoint.connections++;
    }
  }

  /// Has the connection go that is missed least, if any is idle: clients that keep connections
  /// which they do not use must not keep others out, a kubelet that asks for `/livez` least of all.
  private void makeRoom(Endpoint endpoint, long nowNanos) {
    ClientSocket least = leastMissed(endpoint, nowNanos);
    if (least == null) {
      return;
    }
    if (surplusConnections < MAX_SURPLUS) {
      least.surplus = true;
      surplusConnections++;
      endpoint.connections--;
      least.giveWay(nowNanos);
    } else {
      least.close();
      removeClosed();
    }
  }

  /// The oldest of those that have never asked anything, once it has had its time. Else, where many have not or have only begun to, the oldest
  /// of these: whoever opens connections faster than they become idle would keep all others out. A few are clients whose request is
  /// still on its way. Else the one that has been idle longest.
  private @Nullable ClientSocket leastMissed(Endpoint endpoint, long nowNanos) {
    ClientSocket silent = null;
    ClientSocket beginning = null;
    ClientSocket idle = null;
    int beginningOnes = 0;
    long silentNanos = IDLE_NANOS - 1;
    long beginningNanos = 0;
    long idleNanos = IDLE_NANOS - 1;
    for (ClientSocket socket : sockets) {
      if (socket.endpoint != endpoint) {
        continue;
      }
      long nanos = socket.idleNanos(nowNanos);
      boolean begins = socket.isBeginning() && nanos >= 0;
      beginningOnes += begins ? 1 : 0;
      if (socket.surplus) {
        continue;
      }
      if (begins && nanos > beginningNanos) {
        beginning = socket;
        beginningNanos = nanos;
      }
      if (socket.hasAsked() && nanos > idleNanos) {
        idle = socket;
        idleNanos = nanos;
      } else if (!socket.hasAsked() && nanos > silentNanos) {
        silent = socket;
        silentNanos = nanos;
      }
    }
    if (silent != null) {
      return silent;
    }
    boolean flooded = beginningOnes >= Math.max(2, endpoint.maxConnections / 4);
    return flooded && beginning != null ? beginning : idle;
  }

  private void answered(Exchange exchange) {
    answers.add(exchange);
    if (Thread.currentThread() != thread) {
      selector.wakeup();
    }
  }

  private int sendAnswers(long nowNanos) {
    int sent = 0;
    Exchange exchange;
    while ((exchange = answers.poll()) != null) {
      sent++;
      ClientSocket socket = exchange.connection().socket;
      if (socket != null) {
        socket.answer(exchange, nowNanos);
      }
    }
    return sent;
  }

  private void tick(long nowNanos) {
    for (Endpoint endpoint : endpoints) {
      try {
        endpoint.handler.tick(nowNanos);
      } catch (RuntimeException e) {
        LOG.error("a handler failed to look after its time limits", e);
      }
    }
    busy = false;
    for (ClientSocket socket : sockets) {
      socket.tick(nowNanos);
      busy |= socket.isBusy();
    }
    removeClosed();
    if (acceptPaused && nowNanos - acceptAgainNanos > 0) {
      acceptPaused = false;
      for (SelectionKey key : selector.keys()) {
        if (key.isValid() && key.attachment() instanceof Endpoint) {
          key.interestOps(SelectionKey.OP_ACCEPT);
        }
      }
    }
    if (shuttingDown && sockets.isEmpty()) {
      stopped = true;
    }
  }

  private void removeClosed() {
    for (Iterator<ClientSocket> each = sockets.iterator(); each.hasNext(); ) {
      ClientSocket socket = each.next();
      if (socket.isClosed()) {
        each.remove();
        if (socket.surplus) {
          surplusConnections--;
        } else {
          socket.endpoint.connections--;
        }
      }
    }
  }

  private void beginShutDown(long nowNanos) throws IOException {
    shuttingDown = true;
    for (SelectionKey key : selector.keys()) {
      if (key.attachment() instanceof Endpoint) {
        key.cancel();
        key.channel().close();
      }
    }
    selector
        .selectNow(); // lets go of the addresses: a registered channel is closed by its selector
    for (ClientSocket socket : sockets) {
      socket.shutDown(nowNanos);
    }
  }

  private void closeAll() {
    for (ClientSocket socket : sockets) {
      socket.close();
    }
    sockets.clear();
    try {
      for (SelectionKey key : selector.keys()) {
        key.channel().close();
      }
      selector.close();
    } catch (IOException e) {
      LOG.warn("closing the server", e);
    }
  }
}
