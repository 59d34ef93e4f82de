package dev.pannier.collector.health;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BiFunction;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// What the process knows of its own state: the loops that must be alive, and the conditions under
/// which it is ready. Thread-safe.
public final class Health {
  private final LongSupplier nanoClock;
  private final List<Heart> hearts = new CopyOnWriteArrayList<>();
  private final List<Supplier<@Nullable String>> conditions = new CopyOnWriteArrayList<>();

  public Health(LongSupplier nanoClock) {
    this.nanoClock = nanoClock;
  }

  /// A loop that has to be alive from now on.
  ///
  /// @param name its thread's name
  public Heart register(String name) {
    // One of a loop that has ended as it should, and is begun anew.
    hearts.removeIf(heart -> heart.isOver(name));
    Heart heart = new Heart(name, nanoClock.getAsLong());
    hearts.add(heart);
    return heart;
  }

  /// Adds what has to hold for the process to be ready.
  ///
  /// @param condition answers, from any thread and without blocking, with a line that says what is
  ///     amiss and what to do about it; null while nothing is
  public void condition(Supplier<@Nullable String> condition) {
    conditions.add(condition);
  }

  /// A part that is no more: its loop need not live, and its condition need not hold.
  ///
  /// @param condition as it was given
  public void forget(Heart heart, Supplier<@Nullable String> condition) {
    hearts.remove(heart);
    conditions.remove(condition);
  }

  /// A condition that need not hold any more.
  public void forget(Supplier<@Nullable String> condition) {
    conditions.remove(condition);
  }

  /// The loops that are dead, a line each: they do not come back by themselves.
  public List<String> dead() {
    return hearts(Heart::dead);
  }

  private List<String> hearts(BiFunction<Heart, Long, @Nullable String> look) {
    long nowNanos = nanoClock.getAsLong();
    List<String> problems = new ArrayList<>();
    for (Heart heart : hearts) {
      String problem = look.apply(heart, nowNanos);
      if (problem != null) {
        problems.add(problem);
      }
    }
    return problems;
  }

  /// What keeps the process from being ready, a line each.
  public List<String> unready() {
    List<String> problems = hearts(Heart::heldUp);
    for (Supplier<@Nullable String> condition : conditions) {
      String problem = condition.get();
      if (problem != null) {
        problems.add(problem);
      }
    }
    return problems;
  }
}
