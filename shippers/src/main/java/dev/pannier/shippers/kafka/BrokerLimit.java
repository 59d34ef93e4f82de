package dev.pannier.shippers.kafka;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.TopicConfig;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Asks a broker for a topic's `max.message.bytes`, which takes DESCRIBE_CONFIGS on the topic. A client
/// is made for the question and closed after it: it is seldom asked, and costs some megabytes as long as
/// it is there.
final class BrokerLimit implements Function<String, OptionalInt> {
  private static final Logger LOG = LoggerFactory.getLogger(BrokerLimit.class);
  private static final int TIMEOUT_MS = 5_000;

  private final Map<String, Object> properties;

  /// @param producer the producer's properties: those that concern any client are taken
  BrokerLimit(Map<String, Object> producer) {
    properties = new HashMap<>(producer);
    properties.keySet().retainAll(AdminClientConfig.configNames());
    properties.put(AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG, String.valueOf(TIMEOUT_MS));
    properties.put(AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, String.valueOf(TIMEOUT_MS));
  }

  @Override
  public OptionalInt apply(String topic) {
    ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
    try (Admin admin = Admin.create(properties)) {
      Config config =
          admin
              .describeConfigs(List.of(resource))
              .all()
              .get(TIMEOUT_MS, TimeUnit.MILLISECONDS)
              .get(resource);
      ConfigEntry limit = config == null ? null : config.get(TopicConfig.MAX_MESSAGE_BYTES_CONFIG);
      return limit == null || limit.value() == null
          ? OptionalInt.empty()
          : OptionalInt.of(Integer.parseInt(limit.value()));
    } catch (ExecutionException | TimeoutException | KafkaException | NumberFormatException e) {
      // Not allowed, or not now: it is learnt by what is refused.
      LOG.debug("the limit of the topic {} is not told", topic, e);
      return OptionalInt.empty();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return OptionalInt.empty();
    }
  }
}
