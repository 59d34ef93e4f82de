package dev.pannier.collector;

import java.lang.reflect.Proxy;

/// Handles signals of the operating system. A shutdown hook would do for the first SIGTERM, but not
/// see a second one, nor choose the exit code. `sun.misc.Signal` (module `jdk.unsupported`) is
/// called by reflection, since javac's warning about it cannot be switched off by itself.
final class Signals {
  private Signals() {}

  /// @param name without SIG: `TERM`
  static void handle(String name, Runnable action) {
    try {
      Class<?> signal = Class.forName("sun.misc.Signal");
      Class<?> handler = Class.forName("sun.misc.SignalHandler");
      Object proxy =
          Proxy.newProxyInstance(
              handler.getClassLoader(),
              new Class<?>[] {handler},
              (self, method, arguments) -> {
                action.run();
                return null;
              });
      signal
          .getMethod("handle", signal, handler)
          .invoke(null, signal.getConstructor(String.class).newInstance(name), proxy);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("cannot handle SIG" + name, e);
    }
  }
}
