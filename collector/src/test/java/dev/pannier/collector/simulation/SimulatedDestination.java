package dev.pannier.collector.simulation;

import dev.pannier.shippers.Outcome;
import dev.pannier.shippers.Shipper;
import dev.pannier.shippers.ShipperSettings;
import dev.pannier.shippers.batch.Batch;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// What lies on the other side of a shipper, and outlives the sidecar. It keeps what arrives, and
/// answers late, in any order, wrongly, or not at all. It checks that the lines of a generation
/// arrive for the first time in their order.
final class SimulatedDestination implements Destination {
  /// No message may be larger; a longer line comes cut, but not below the other number.
  private static final int LIMIT_BYTES = 12 << 10;

  static final int CUT_BYTES = 8 << 10;

  private record Call(Batch batch, Consumer<Outcome> outcome) {}

  private final String name;
  private final Truth truth;
  private final RandomGenerator random;

  private final boolean ordered;

  /// Outcomes of calls are drawn from so many, of which 20 are troubles.
  private final int outcomes;

  private final Consumer<Supplier<String>> say;
  private int[] arrivals = new int[1024];

  /// The last line of each generation, by its offset.
  private final Map<Long, Long> lastOffset = new HashMap<>();

  private final BitSet requests = new BitSet();
  private final BitSet refused = new BitSet();

  /// What was refused and nobody keeps: the sidecar was not told which.
  private final BitSet untold = new BitSet();

  private final BitSet untoldRequests = new BitSet();

  /// Of what was refused; null where nobody keeps it.
  private final @Nullable Letters letters;

  /// Where its batches go while it is away; null where they wait.
  private @Nullable SimulatedDestination fallback;

  /// The other way round.
  private @Nullable SimulatedDestination fallbackOf;

  /// Lines that have come, or were refused, since shippers were made or closed last: a batch goes to one of both until then.
  private final BitSet ofThisShipper = new BitSet();

  /// Of the process that lives, one a shipper: while one makes room for another there are two.
  private final List<Link> links = new ArrayList<>();

  private int since;
  private final MissingTopics topics;
  private boolean down;
  private boolean slow;
  private boolean healed;
  private long repeats;

  /// @param calm    whether nearly every call is accepted, so that shippers come to the end of what there is
  /// @param letters  where what it refuses is kept; null for nowhere
  /// @param ofTopics decides which topics are missing; null where none ever is
  SimulatedDestination(
      String name,
      boolean ordered,
      boolean calm,
      Truth truth,
      RandomGenerator random,
      @Nullable Letters letters,
      @Nullable RandomGenerator ofTopics,
      Consumer<Supplier<String>> say) {
    this.letters = letters;
    topics = new MissingTopics(ofTopics);
    this.ordered = ordered;
    outcomes = calm ? 2_000 : 100;
    this.say = say;
    this.name = name;
    this.truth = truth;
    this.random = random;
  }

  /// What is not shipped here is shipped there.
  void fallback(SimulatedDestination other) {
    fallback = other;
    other.fallbackOf = this;
  }

  /// How many lines it has got in another's place.
  int asFallback() {
    return fallbackOf == null
        ? 0
        : (int) Arrays.stream(arrivals).filter(times -> times > 0).count();
  }

  private boolean isOneOfTwo() {
    return fallback != null || fallbackOf != null;
  }

  /// Who ships from now on does not know what went where.
  private void begin() {
    for (SimulatedDestination one : Arrays.asList(this, fallback, fallbackOf)) {
      if (one != null && one.isOneOfTwo()) {
        one.ofThisShipper.clear();
        one.lastOffset.clear();
      }
    }
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public long repeats() {
    return repeats;
  }

  @Override
  public Shipper open(ShipperSettings settings) {
    Link link = new Link(settings instanceof ShipperSettings.Kafka);
    links.add(link);
    return link;
  }

  @Override
  public void since(int line) {
    since = line;
    if (fallback != null) {
      fallback.since = line;
    }
  }

  @Override
  public void cutOff() {
    links.forEach(this::arriveAfterAll);
    links.clear();
    begin();
  }

  private void arriveAfterAll(Link gone) {
    if (down) {
      return;
    }
    Set<String> stopped = new HashSet<>();
    for (Call call : gone.calls) {
      String key = call.batch().key();
      boolean fits = call.batch().length() <= LIMIT_BYTES;
      if (random.nextBoolean() && fits && !stopped.contains(key)) {
        say(call.batch(), "arrives after all");
        store(call.batch(), 0, call.batch().records());
      } else if (!key.isEmpty()) {
        stopped.add(key);
      }
    }
  }

  @Override
  public void changeMood() {
    down = random.nextInt(3) == 0;
    slow = random.nextInt(3) == 0;
    if (topics.change()) {
      say.accept(() -> name + ": topics " + topics + " are missing");
    }
  }

  @Override
  public void heal() {
    down = false;
    slow = false;
    topics.heal();
    healed = true;
  }

  @Override
  public boolean has(int line) {
    return (line < arrivals.length && arrivals[line] > 0)
        || untold.get(line)
        || (letters != null && letters.has(line))
        || (fallback != null && fallback.has(line));
  }

  @Override
  public boolean hasRequest(int request) {
    return requests.get(request)
        || untoldRequests.get(request)
        || (letters != null && letters.hasRequest(request))
        || (fallback != null && fallback.hasRequest(request));
  }

  /// Answers one of the calls under way.
  @Override
  public boolean answer() {
    Link now = busy();
    if (now == null || (slow && random.nextInt(8) != 0)) {
      return false;
    }
    Call call = now.calls.get(healed ? 0 : random.nextInt(now.calls.size()));
    if (now.pipelined) {
      for (Call first : now.calls) {
        if (first.batch().key().equals(call.batch().key())) {
          call = first;
          break;
        }
      }
    }
    Outcome outcome = outcome(call.batch());
    say(call.batch(), outcome.toString());
    now.answer(call, outcome);
    return true;
  }

  private @Nullable Link busy() {
    Link found = null;
    for (Link link : links) {
      if (!link.calls.isEmpty() && (found == null || random.nextBoolean())) {
        found = link;
      }
    }
    return found;
  }

  private void say(Batch batch, String what) {
    say.accept(() -> name + ": " + truth.name(batch) + ": " + what);
  }

  private Outcome outcome(Batch batch) {
    int records = batch.records();
    if (batch.length() > LIMIT_BYTES) {
      return new Outcome.TooLarge(LIMIT_BYTES, "too large", null);
    }
    if (down) {
      return turnedAway("down", 0);
    }
    int kind = healed ? 99 : random.nextInt(outcomes);
    if (kind < 5) {
      return turnedAway("busy", random.nextInt(50) * 1_000_000L);
    } else if (kind < 10) {
      // It was stored, but nobody is told.
      store(batch, 0, records);
      return new Outcome.Retryable("the answer is lost", 0, null);
    } else if (kind < 14) {
      return new Outcome.Retryable("half", 0, storeHalf(batch));
    } else if (kind < 16) {
      return new Outcome.Missing("no such topic", storeHalf(batch));
    } else if (kind < 18 && records > 1) {
      // A record alone is taken.
      return new Outcome.TooLarge(0, "too large together", storeSome(batch, records - 1));
    } else if (kind < 19) {
      int count = random.nextInt(records + 1);
      boolean tells = letters != null && random.nextBoolean();
      refuse(batch, count, tells);
      store(batch, count, records);
      BitSet first = new BitSet();
      first.set(0, count);
      return new Outcome.PartlyAccepted(count, "the first", tells ? first : null);
    } else if (kind < 20) {
      refuse(batch, records, true);
      return new Outcome.Permanent("never");
    }
    store(batch, 0, records);
    return Outcome.ACCEPTED;
  }

  private Outcome turnedAway(String why, long askedNanos) {
    return isOneOfTwo()
        ? new Outcome.Retryable(why, askedNanos, null).asUntouched()
        : new Outcome.Retryable(why, askedNanos, null);
  }

  /// @return the records that were not stored: the last ones
  private BitSet storeHalf(Batch batch) {
    return storeSome(batch, batch.records());
  }

  private BitSet storeSome(Batch batch, int below) {
    int stored = random.nextInt(below);
    store(batch, 0, stored);
    BitSet rest = new BitSet();
    rest.set(stored, batch.records());
    return rest;
  }

  private void store(Batch batch, int from, int to) {
    truth.read(batch, new Range(from, to, true, false));
  }

  /// @param tells whether the sidecar is told which
  private void refuse(Batch batch, int to, boolean tells) {
    truth.read(batch, new Range(0, to, false, letters == null || !tells));
  }

  /// Some of a batch's records.
  private final class Range implements Truth.Arrival {
    private final int from;
    private final int to;
    private final boolean stores;
    private final boolean forgets;
    private int index;

    /// @param stores  whether they are stored; else they are refused
    /// @param forgets whether nobody keeps what is refused
    Range(int from, int to, boolean stores, boolean forgets) {
      this.from = from;
      this.to = to;
      this.stores = stores;
      this.forgets = forgets;
    }

    @Override
    public void cut(int line) {
      if (letters != null && letters.buriesOversize()) {
        throw new AssertionError("line " + line + " came cut, and is to be a dead letter");
      }
    }

    @Override
    public void line(int line, Truth.Uid uid) {
      if (index >= from && index < to) {
        if (stores) {
          arrived(line, uid);
        } else {
          refused.set(line);
          comesHere(line);
          if (forgets) {
            untold.set(line);
          }
        }
      }
      index++;
    }

    @Override
    public void request(int request) {
      if (index >= from && index < to) {
        if (stores) {
          requests.set(request);
        } else if (forgets) {
          untoldRequests.set(request);
        }
      }
      index++;
    }
  }

  private void comesHere(int line) {
    if (!ordered) {
      // The log may have a line twice.
      return;
    }
    for (SimulatedDestination other : Arrays.asList(fallback, fallbackOf)) {
      if (other != null && other.ofThisShipper.get(line)) {
        throw new AssertionError(
            "line %d is at %s, and comes to %s though nobody died"
                .formatted(line, other.name, name));
      }
    }
    if (isOneOfTwo()) {
      ofThisShipper.set(line);
    }
  }

  private void arrived(int line, Truth.Uid uid) {
    comesHere(line);
    if (line >= arrivals.length) {
      arrivals = Arrays.copyOf(arrivals, Math.max(line + 1, arrivals.length * 2));
    }
    arrivals[line]++;
    if (arrivals[line] > 1) {
      repeats++;
      return;
    }
    if (!ordered || line < since || refused.get(line)) {
      // The last was refused before a crash, and is taken now.
      return;
    }
    Long last = lastOffset.put(uid.generation(), uid.offset());
    if (last != null && last >= uid.offset()) {
      throw new AssertionError(
          "%s: line %d at %d came after the one at %d of its file"
              .formatted(name, line, uid.offset(), last));
    }
  }

  private final class Link implements Shipper {
    private final List<Call> calls = new ArrayList<>();

    /// Keeps the order of what it has in flight.
    private final boolean pipelined;

    /// What follows a failure waits until the caller has seen it.
    private final Set<String> failed = new HashSet<>();

    Link(boolean pipelined) {
      this.pipelined = pipelined;
    }

    @Override
    public Outcome connect() {
      return down ? new Outcome.Retryable("not there", 0, null) : Outcome.ACCEPTED;
    }

    @Override
    public void ship(Batch batch, Consumer<Outcome> outcome) {
      if (failed.contains(batch.key())) {
        outcome.accept(turnedAway("behind a failed one", 0));
      } else if (topics.isMissing(batch.key())) {
        outcome.accept(new Outcome.Missing("no such topic", null));
      } else {
        calls.add(new Call(batch, outcome));
      }
    }

    @Override
    public boolean pipelines(String key) {
      return pipelined;
    }

    @Override
    public void resume() {
      failed.clear();
    }

    private void answer(Call call, Outcome outcome) {
      calls.remove(call);
      boolean goesOn =
          switch (outcome) {
            case Outcome.Accepted _, Outcome.PartlyAccepted _, Outcome.Permanent _ -> true;
            case Outcome.Retryable _, Outcome.Missing _, Outcome.TooLarge _ -> false;
          };
      String key = call.batch().key();
      call.outcome().accept(outcome);
      if (pipelined && !goesOn && !key.isEmpty()) {
        failed.add(key);
        for (Call later : List.copyOf(calls)) {
          if (later.batch().key().equals(key)) {
            calls.remove(later);
            say(later.batch(), "behind a failed one");
            later.outcome().accept(new Outcome.Retryable("behind a failed one", 0, null));
          }
        }
      }
    }

    @Override
    public void close(Duration timeout) {
      arriveAfterAll(this);
      while (!calls.isEmpty()) {
        Call call = calls.getFirst();
        answer(call, new Outcome.Retryable("closed", 0, null));
      }
      links.remove(this);
      begin();
    }
  }
}
