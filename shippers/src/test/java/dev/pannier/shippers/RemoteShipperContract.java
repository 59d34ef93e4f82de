package dev.pannier.shippers;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pannier.shippers.Destination.Mode;
import dev.pannier.shippers.batch.Batch;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import org.junit.jupiter.api.Test;

/// What every shipper keeps to whose destination can judge what it gets.
public abstract class RemoteShipperContract extends ShipperContract {
  @Test
  void whatIsBehindAFailureOfItsKeyDoesNotOvertakeIt() throws Exception {
    connect();
    destination.mode(Mode.FAIL_THIRD);
    List<Batch> batches = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      batches.add(Batches.logs("k", "line " + i));
    }

    // The caller's part: after a failure all that is not confirmed goes again, in order.
    long deadlineNanos = System.nanoTime() + destination.patience().toNanos();
    int rounds = 0;
    for (List<Batch> open = batches; !open.isEmpty(); rounds++) {
      shipper.resume();
      List<Told> told = new ArrayList<>();
      for (Batch batch : open) {
        told.add(start(batch));
      }
      destination.handedOver();
      List<Batch> again = new ArrayList<>();
      for (int i = 0; i < told.size(); i++) {
        if (!(told.get(i).await() instanceof Outcome.Accepted)) {
          again.add(open.get(i));
        }
      }
      open = again;
      assertThat(System.nanoTime() - deadlineNanos).as("time left").isNegative();
    }

    assertThat(rounds).isGreaterThan(1);
    // Some may be there twice; what counts is when each came first.
    assertThat(new LinkedHashSet<>(destination.stored()))
        .containsExactly(
            "line 0", "line 1", "line 2", "line 3", "line 4", "line 5", "line 6", "line 7");
  }

  @Test
  void whatIsTooLargeIsTold() throws Exception {
    connect();
    destination.mode(Mode.TOO_LARGE);

    assertThat(ship(Batches.logs("k", "one", "two")))
        .isInstanceOfSatisfying(
            Outcome.TooLarge.class,
            tooLarge -> {
              assertThat(tooLarge.reason()).isNotBlank();
              assertThat(tooLarge.limitBytes()).isNotNegative();
              assertThat(tooLarge.unconfirmed()).isNull();
            });
    assertThat(destination.stored()).isEmpty();
  }

  @Test
  void whatIsRefusedForGoodIsTold() throws Exception {
    connect();
    destination.mode(Mode.REFUSE);

    assertThat(ship(Batches.logs("k", "one")))
        .isInstanceOfSatisfying(
            Outcome.Permanent.class, refused -> assertThat(refused.reason()).isNotBlank());

    destination.mode(Mode.ACCEPT);
    shipUntilAccepted(Batches.logs("k", "two"));
    assertThat(destination.stored()).containsExactly("two");
  }

  @Test
  void closingAnswersWhatIsInFlightOnce() throws Exception {
    connect();
    destination.mode(Mode.HOLD);
    List<Told> told = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      told.add(start(Batches.logs(i % 2 == 0 ? "k" : "", "line " + i)));
    }

    shipper.close(SHORT);

    for (Told one : told) {
      assertThat(one.await()).isInstanceOf(Outcome.Retryable.class);
    }
    destination.mode(Mode.ACCEPT);
    destination.close();
    for (Told one : told) {
      assertThat(one.times()).isEqualTo(1);
    }
  }

  @Test
  void noSecretIsInAReason() throws Exception {
    connect();
    destination.mode(Mode.TELL_SECRET);

    Outcome outcome = ship(Batches.logs("k", "one"));

    assertThat(outcome).isNotInstanceOf(Outcome.Accepted.class);
    assertThat(outcome.toString()).doesNotContain(Destination.SECRET).contains("****");
  }
}
