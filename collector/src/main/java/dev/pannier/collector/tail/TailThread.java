package dev.pannier.collector.tail;

import dev.pannier.collector.admin.SourceStatus;
import dev.pannier.collector.config.FileSource;
import dev.pannier.collector.health.Health;
import dev.pannier.collector.health.Heart;
import dev.pannier.collector.receipt.Receipt;
import dev.pannier.collector.receipt.ReceiptStore;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The thread `pannier-tail` around the tail loop. It sleeps until a watched folder changes, the
/// buffer has room again or, at the end, a batch was acknowledged, and looks by itself once a second, later each five, in case an
/// event was missed; many times a second where a file grows and no event comes. It is never interrupted: that would close the files it reads.
public final class TailThread {
  private static final Logger LOG = LoggerFactory.getLogger(TailThread.class);

  /// Where the file system tells nothing, files are looked at this often.
  private static final long POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

  private final FileTailer tailer;
  private final Generations generations;
  private final ReceiptStore receipts;
  private final LongSupplier nanoClock;
  private final Heart heart;
  private final ChangeWatch watch;
  private final Volumes volumes = new Volumes(LOG::warn);
  private final ProblemLog problemLog = new ProblemLog(LOG::warn);
  private final Thread thread = new Thread(this::run, "pannier-tail");
  private final CountDownLatch ended = new CountDownLatch(1);
  private final Function<FileSource, TailSource> maker;
  private final Queue<Runnable> asked = new ConcurrentLinkedQueue<>();
  private List<TailSource> sources; // the owner's of prepare() and change()
  private boolean untoldTold;
  private volatile boolean stopping;
  private volatile boolean ending;

  /// Whether a round has begun and ended since `ending`: what the rounds before it told is stale.
  private volatile boolean endingSeen;

  /// Whether files were watched for growth in a round.
  private volatile boolean growthSeen;

  /// Whether what it knows at its end is not the last word.
  private volatile boolean othersFollow;

  /// Adds what others know.
  private volatile UnaryOperator<Receipt> others = receipt -> receipt;

  private volatile boolean stopsReading;
  private volatile boolean stoppedReading;
  private volatile boolean quiet;
  private volatile @Nullable String missing;
  private volatile List<SourceStatus> status = List.of();

  TailThread(
      FileTailer tailer,
      Generations generations,
      ReceiptStore receipts,
      List<TailSource> sources,
      Function<FileSource, TailSource> maker,
      ChangeWatch watch,
      LongSupplier nanoClock,
      Health health) {
    this.tailer = tailer;
    this.generations = generations;
    this.receipts = receipts;
    this.sources = sources;
    this.maker = maker;
    this.watch = watch;
    this.nanoClock = nanoClock;
    heart = health.register(thread.getName());
    health.condition(() -> missing);
    health.condition(tailer::storeProblem);
  }

  public void start() {
    thread.start();
  }

  /// Whether there was nothing to read, and nothing waited for room, for `nanos`. A partial last
  /// line does not count as something to read.
  public boolean quietFor(long nanos) {
    return quiet && nanoClock.getAsLong() - tailer.lastActivityNanos() >= nanos;
  }

  /// From now on [#filesQuietFor] can be answered.
  public void watchGrowth() {
    tailer.watchGrowth();
    watch.wake();
  }

  /// Whether no file has grown, or come, for `nanos`, after [#watchGrowth]: nobody writes any more, though not all need have been
  /// read.
  public boolean filesQuietFor(long nanos) {
    long grewNanos = tailer.lastGrowthNanos();
    return growthSeen && nanoClock.getAsLong() - grewNanos >= nanos;
  }

  /// Nothing more is read: what is under way can be shipped, and its positions stored.
  public void stopReading() {
    stopsReading = true;
    watch.wake();
  }

  /// Whether nothing is handed over any more, after [#stopReading].
  public boolean hasStoppedReading() {
    return stoppedReading;
  }

  /// From now on, what has no end yet is a record: the process is about to stop.
  public void finishHeld() {
    ending = true;
    watch.wake();
  }

  /// Whether every file was read to its end and every record is acknowledged, after [#finishHeld].
  public boolean caughtUp() {
    return endingSeen && tailer.caughtUp();
  }

  /// A recent view of each source's files.
  public List<SourceStatus> status() {
    return status;
  }

  /// Which bytes of files have left and which have not, as last written; null before the first look.
  public @Nullable Receipt receipt() {
    return receipts.last();
  }

  /// Others know more of what has left: each receipt has it.
  ///
  /// @param adding any thread may call it
  public void others(UnaryOperator<Receipt> adding) {
    others = adding;
  }

  /// Others know more of what has left when it has ended: its receipt is not complete before they have told it by [#store].
  public void othersFollow() {
    othersFollow = true;
  }

  /// Stores the receipt with what others know besides. After [#stop] has returned true.
  public void store(Receipt receipt) {
    receipts.finish(receipt);
  }

  /// Where the receipt's short form goes; null for nowhere.
  public void terminationLog(@Nullable Path path) {
    receipts.terminationLog(path);
  }

  /// Stops reading, stores the positions and closes the files.
  ///
  /// @return whether it ended within `timeoutNanos`
  public boolean stop(long timeoutNanos) throws InterruptedException {
    stopping = true;
    watch.wake();
    return ended.await(timeoutNanos, TimeUnit.NANOSECONDS);
  }

  /// Whether its loop has ended, by an error unless it was stopped: then nothing changes any more.
  public boolean hasEnded() {
    return ended.getCount() == 0;
  }

  /// Makes other sources. Those whose settings are the same stay as they are.
  ///
  /// @param resource the encoded `Resource` of tailed records
  /// @param keepsRaw whether a shipper needs the lines' original bytes
  public TailChange prepare(List<FileSource> files, byte[] resource, boolean keepsRaw) {
    List<TailSource> next = new ArrayList<>();
    for (FileSource file : files) {
      TailSource same =
          sources.stream().filter(source -> source.settings.equals(file)).findFirst().orElse(null);
      next.add(same == null ? maker.apply(file) : same);
    }
    return new TailChange(next, resource, keepsRaw);
  }

  /// Goes over to other sources, between two rounds, when the loop comes round. One caller's thread.
  ///
  /// @param change null where they stay
  /// @param with   done by the loop at the same time, while no file is read
  /// @return is counted down when it is done
  public CountDownLatch change(@Nullable TailChange change, Runnable with) {
    CountDownLatch done = new CountDownLatch(1);
    if (change != null) {
      sources = change.sources;
    }
    asked.add(
        () -> {
          try {
            if (change != null) {
              tailer.change(
                  change.sources, change.resource, change.keepsRaw, nanoClock.getAsLong());
            }
          } finally {
            // Whatever becomes of this loop: shippers have stood back by now, and wait for it.
            with.run();
            done.countDown();
          }
        });
    watch.wake();
    return done;
  }

  private void run() {
    try {
      loop();
      tailer.savePositions(nanoClock.getAsLong());
      receipts.finish(others.apply(generations.receipt(!othersFollow)));
      heart.stopped();
    } catch (Throwable e) {
      // Whatever it is, health has to show that nothing is read any more.
      heart.failed("ended by " + e);
      LOG.error("the tail loop has ended", e);
    } finally {
      tailer.close();
      watch.close();
      ended.countDown();
    }
  }

  private SourceStatus withVolume(SourceStatus source) {
    return source.withVolumeFreeBytes(volumes.freeBytes(generations.roots(source.name())));
  }

  private void loop() {
    boolean look = true;
    boolean told = false;
    int changes = ChangeWatch.WOKEN;
    boolean taken = false;
    while (!stopping) {
      long nowNanos = nanoClock.getAsLong();
      heart.beat(nowNanos);
      for (Runnable change = asked.poll(); change != null; change = asked.poll()) {
        change.run();
      }
      boolean last = ending;
      if (last) {
        tailer.finishHeld();
        look |= !endingSeen;
      }
      boolean stopsNow = stopsReading;
      if (stopsNow) {
        tailer.stopReading();
      }
      boolean watched = tailer.watchesGrowth();
      generations.moved(watch.takeMoves(), nowNanos);
      tailer.doWork(nowNanos, look);
      endingSeen = last;
      growthSeen = watched;
      stoppedReading = stopsNow;
      look = false;
      if (changes == 0 && told && tailer.grew(nowNanos)) {
        changes = watch.await(0);
        taken = changes != 0;
        look = (changes & ChangeWatch.LISTING) != 0;
        if (!taken) {
          tailer.untold(nowNanos);
          told = !tailer.hasUntold();
          if (!told) {
            tellUntold();
          }
        }
      }
      if (tailer.takeLooked()) {
        told = !tailer.hasUntold();
        Set<Path> folders = generations.folders();
        for (Path folder : folders) {
          told &= watch.watch(folder);
        }
        watch.retain(folders);
        volumes.look(
            nowNanos, generations.roots(""), () -> others.apply(generations.receipt(false)));
        status = generations.status().stream().map(this::withVolume).toList();
        problemLog.tell(generations.problems());
        List<String> absent = generations.folderProblems();
        missing = absent.isEmpty() ? null : String.join("; ", absent);
        if (receipts.isDue(nowNanos)) {
          receipts.update(others.apply(generations.receipt(false)), nowNanos);
        }
      }
      boolean again = tailer.again();
      quiet = !again && tailer.roomLeft();
      if (!again) {
        boolean polls = !told && !tailer.isAwaiting();
        long wait = tailer.waitNanos(nowNanos, told);
        long limit = polls ? Math.min(POLL_NANOS, wait) : wait;
        // What was taken since the round began may be news of what it had passed already.
        changes = taken ? changes | watch.await(0) : watch.await(limit);
        taken = false;
        look |= (changes & ChangeWatch.LISTING) != 0;
      } else {
        // Only what has grown in a whole sleep has done so without a word: that of a long write
        // comes at its end.
        changes = ChangeWatch.WOKEN;
      }
    }
  }

  private void tellUntold() {
    if (!untoldTold) {
      untoldTold = true;
      LOG.warn(
          "files grow, and their file system tells nothing of it: they are looked at {} times a"
              + " second, which costs CPU time",
          TimeUnit.SECONDS.toNanos(1) / POLL_NANOS);
    }
  }

  /// Ends the sleep that is under way. Any thread.
  void wake() {
    watch.wake();
  }
}
