package dev.pannier.collector.simulation;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.function.BiFunction;

/// Has the project's classes anew, and may change one or the other.
final class OwnClasses extends ClassLoader {
  private static final String OURS = "dev.pannier.";

  private final BiFunction<String, byte[], byte[]> change;

  /// @param change from a class's name and its bytes, what is loaded
  OwnClasses(BiFunction<String, byte[], byte[]> change) {
    super(OwnClasses.class.getClassLoader());
    this.change = change;
  }

  @Override
  protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
    synchronized (getClassLoadingLock(name)) {
      if (!name.startsWith(OURS)) {
        return super.loadClass(name, resolve);
      }
      Class<?> loaded = findLoadedClass(name);
      return loaded == null ? define(name) : loaded;
    }
  }

  private Class<?> define(String name) throws ClassNotFoundException {
    byte[] bytes;
    try (InputStream in = getResourceAsStream(name.replace('.', '/') + ".class")) {
      if (in == null) {
        throw new ClassNotFoundException(name);
      }
      bytes = in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    byte[] changed = change.apply(name, bytes);
    return defineClass(name, changed, 0, changed.length);
  }
}
