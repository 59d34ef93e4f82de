package dev.pannier.shippers.otlp;

import dev.pannier.shippers.Destination;
import dev.pannier.shippers.RemoteShipperContract;
import dev.pannier.shippers.ShipperSettings.Compression;
import dev.pannier.shippers.ShipperSettings.Protocol;
import java.io.IOException;
import java.util.Set;

class HttpProtobufShipperTest extends RemoteShipperContract {
  @Override
  protected Destination destination() throws IOException {
    return new FakeBackend(Protocol.HTTP_PROTOBUF, Compression.GZIP);
  }

  @Override
  protected Set<String> threadNames() {
    return Set.of("pannier-ship-", "OkHttp localhost");
  }
}
