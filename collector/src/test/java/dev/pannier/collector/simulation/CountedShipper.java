package dev.pannier.collector.simulation;

import dev.pannier.shippers.Origin;
import dev.pannier.shippers.Outcome;
import dev.pannier.shippers.Shipper;
import dev.pannier.shippers.batch.Batch;
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
        case Outcome.Retryable retry -> accepted += confirmed(records, retry.unconfirmed());
        case Outcome.Missing missing -> accepted += confirmed(records, missing.unconfirmed());
        case Outcome.TooLarge tooLarge -> {
          int confirmed = confirmed(records, tooLarge.unconfirmed());
          accepted += confirmed;
          refused += buries && records - confirmed == 1 ? 1 : 0;
        }
      }
    }

    private static int confirmed(int records, @Nullable BitSet unconfirmed) {
      return unconfirmed == null ? 0 : records - unconfirmed.cardinality();
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
          outcome.accept(answer);
        });
  }
}
