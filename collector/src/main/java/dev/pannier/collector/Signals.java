package dev.pannier.collector;

import java.lang.reflect.Method;
import java.lang.reflect.Proxy;

/// Handles signals of the operating system. A shutdown hook would do for the first SIGTERM, but not
/// see a second one, nor choose the exit code. `sun.misc.Signal` (module `jdk.unsupported`) is
/// called by reflection, since javac's warning about it cannot be switched off by itself.
final class Signals {
  private Signals() {}

  /// @param name without SIG: `TERM`
  /// @return gives it back to who handled it before
  static Runnable handle(String name, Runnable action) {
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
      Method handle = signal.getMethod("handle", signal, handler);
      Object number = signal.getConstructor(String.class).newInstance(name);
      Object before = handle.invoke(null, number, proxy);
      return () -> {
        try {
          handle.invoke(null, number, before);
        } catch (ReflectiveOperationException e) {
          throw cannot(name, e);
        }
      };
    } catch (ReflectiveOperationException e) {
      throw cannot(name, e);
    }
  }

  private static IllegalStateException cannot(String name, ReflectiveOperationException why) {
    return new IllegalStateException("cannot handle SIG" + name, why);
  }
}
