/// To Kafka, with Kafka's own producer.
@NullMarked
package dev.pannier.shippers.kafka;

import org.jspecify.annotations.NullMarked;
