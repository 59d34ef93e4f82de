package dev.pannier.demo;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.kafka.common.Uuid;

/// One Kafka broker that is its own controller (KRaft) unless settings make it another, in a process of its own:
/// `BrokerMain FOLDER PORT CONTROLLER_PORT [KEY=VALUE ...]`. It formats the folder where that was
/// not done yet, so a broker that was killed comes back with what it had.
public final class BrokerMain {
  private static final long CLUSTERS = 0x70616e6e696572L;

  private BrokerMain() {}

  public static void main(String[] arguments) throws IOException {
    Path folder = Path.of(arguments[0]);
    Path properties = folder.resolve("server.properties");
    if (!Files.exists(properties)) {
      Files.createDirectories(folder);
      Files.writeString(properties, properties(folder, arguments[1], arguments[2], arguments));
      // All of a cluster have the same id, and nothing but their controller in common.
      String cluster = new Uuid(CLUSTERS, Long.parseLong(arguments[2])).toString();
      String[] format = {"format", "-t", cluster, "-c", properties.toString()};
      int code = kafka.tools.StorageTool.execute(format, System.err);
      if (code != 0) {
        System.exit(code);
      }
    }
    kafka.Kafka.main(new String[] {properties.toString()});
  }

  private static String properties(
      Path folder, String port, String controllerPort, String[] arguments) {
    StringBuilder text =
        new StringBuilder(
            """
            process.roles=broker,controller
            node.id=1
            controller.quorum.voters=1@127.0.0.1:%2$s
            listeners=PLAINTEXT://127.0.0.1:%1$s,CONTROLLER://127.0.0.1:%2$s
            advertised.listeners=PLAINTEXT://127.0.0.1:%1$s
            controller.listener.names=CONTROLLER
            inter.broker.listener.name=PLAINTEXT
            log.dirs=%3$s
            num.partitions=3
            offsets.topic.replication.factor=1
            offsets.topic.num.partitions=1
            transaction.state.log.replication.factor=1
            transaction.state.log.min.isr=1
            transaction.state.log.num.partitions=1
            group.initial.rebalance.delay.ms=0
            log.cleaner.dedupe.buffer.size=2000000
            """
                .formatted(port, controllerPort, folder.resolve("data")));
    for (int i = 3; i < arguments.length; i++) {
      text.append(arguments[i]).append('\n');
    }
    return text.toString();
  }
}
