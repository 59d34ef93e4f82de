package dev.pannier.inject.webhook;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.net.spi.InetAddressResolver;
import java.net.spi.InetAddressResolverProvider;
import java.util.stream.Stream;

/// Asks no name service for the names of addresses. The JDK's HttpsServer asks for that of each client, and makes no use of it: where the cluster's
/// DNS is slow or away, every handshake would be, too. Java finds this class by `META-INF/services`.
public final class LiteralAddresses extends InetAddressResolverProvider {
  /// By Java alone.
  public LiteralAddresses() {}

  @Override
  public InetAddressResolver get(Configuration configuration) {
    InetAddressResolver builtin = configuration.builtinResolver();
    return new InetAddressResolver() {
      @Override
      public Stream<InetAddress> lookupByName(String host, LookupPolicy policy)
          throws UnknownHostException {
        return builtin.lookupByName(host, policy);
      }

      @Override
      public String lookupByAddress(byte[] address) throws UnknownHostException {
        throw new UnknownHostException("names of addresses are not asked for");
      }
    };
  }

  @Override
  public String name() {
    return "literal addresses";
  }
}
