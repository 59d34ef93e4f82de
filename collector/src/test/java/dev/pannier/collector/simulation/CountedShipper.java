package dev.pannier.collector.simulation;

import dev.pannier.shippers.Doubt;
import dev.pannier.shippers.Origin;
import dev.pannier.shippers.Outcome;
import dev.pannier.shippers.Refusal;
import dev.pannier.shippers.Shipper;
import dev.pannier.shippers.batch.Batch;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// A shipper whose answers are counted as they come, apart from all that the sidecar counts.
final class CountedShipper extends ForwardingShipper {
  /// What the destination has told, in records.
  static final class Told {
    long accepted;
    long refused;
    long buried;

    /// What is told as soon as the destination is found to have it.
    private final List<Unsettled> unsettled = new ArrayList<>();

    private record Unsettled(Batch batch, Origin origin, int records, Doubt doubt) {}

    private void reached(Shipper next) {
      for (Unsettled one : unsettled) {
        if (next.committed().covers(one.batch(), one.origin()) || next.hasCommitted(one.doubt())) {
          toldWhole(one.records(), one.doubt().ifCommitted());
        }
      }
      unsettled.clear();
    }

    /// @param buries whether a record that is too large is given up
    private void told(int records, Outcome outcome, boolean buries) {
      switch (outcome) {
        case Outcome.Accepted _ -> accepted += records;
        case Outcome.PartlyAccepted partly -> {
          refused += partly.rejected();
          buried += partly.deadLettered();
          accepted += records - partly.rejected() - partly.deadLettered();
        }
        case Outcome.Permanent _ -> refused += records;
        case Outcome.Retryable retry -> past(records, retry.unconfirmed(), retry.refused());
        case Outcome.Missing missing -> past(records, missing.unconfirmed(), missing.refused());
        case Outcome.TooLarge tooLarge -> {
          int past = past(records, tooLarge.unconfirmed(), tooLarge.refused());
          refused += buries && records - past == 1 ? 1 : 0;
        }
      }
    }

    /// @return the records that do not come again
    private int past(int records, @Nullable BitSet unconfirmed, List<Refusal> never) {
      int past = unconfirmed == null ? 0 : records - unconfirmed.cardinality();
      int lost = never.stream().mapToInt(one -> one.records().cardinality()).sum();
      refused += lost;
      accepted += past - lost;
      return past;
    }

    /// All or nothing was taken.
    private void toldWhole(int records, Outcome outcome) {
      switch (outcome) {
        case Outcome.Accepted _, Outcome.PartlyAccepted _, Outcome.Permanent _ ->
            told(records, outcome, false);
        case Outcome.Retryable _, Outcome.Missing _, Outcome.TooLarge _ -> {}
      }
    }
  }

  private final Told told;
  private final boolean buries;

  /// @param buries whether what is too large is a dead letter
  CountedShipper(Shipper shipper, Told told, boolean buries) {
    super(shipper);
    this.told = told;
    this.buries = buries;
  }

  @Override
  public void ship(Batch batch, Consumer<Outcome> outcome) {
    int records = batch.records();
    super.ship(
        batch,
        answer -> {
          told.told(records, answer, buries);
          outcome.accept(answer);
        });
  }

  @Override
  public void shipWhole(List<Batch> parts, Origin origin, Consumer<Outcome> outcome) {
    int records = parts.stream().mapToInt(Batch::records).sum();
    super.shipWhole(
        parts,
        origin,
        answer -> {
          told.toldWhole(records, answer);
          if (answer instanceof Outcome.Retryable retry
              && retry.doubt() != null
              && !(retry.doubt().ifCommitted() instanceof Outcome.Accepted)) {
            told.unsettled.add(
                new Told.Unsettled(parts.getFirst(), origin, records, retry.doubt()));
          }
          outcome.accept(answer);
        });
  }

  @Override
  public Outcome connect() {
    Outcome outcome = super.connect();
    if (outcome instanceof Outcome.Accepted) {
      told.reached(this);
    }
    return outcome;
  }
}
