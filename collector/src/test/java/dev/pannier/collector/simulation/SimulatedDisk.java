package dev.pannier.collector.simulation;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Inodes and folders in memory, with what is surely on disk kept apart from what is only written.
///
/// Two processes use it. The application's calls always work. Each of the sidecar's calls is one at
/// which it may die ([#dieAfter]): a write is then cut anywhere, any other call has happened or has
/// not, and from then on every call of the dead process throws [Crash] again.
///
/// Two kinds of death. When the process is killed, all that it has written stays: it is in the page
/// cache. When the machine fails ([#losePower]), folders made as `mortal` lose what was not synced: of a
/// file any part of its writes since its last sync, or any of its pages, of a folder all changes of names from some point
/// on since its own last sync. Logs do not lie in a mortal folder: what an application's page cache loses
/// was never promised by anybody.
///
/// A sync of a file may fail ([#syncsFail]), as on Linux: it is told once, and all pages that the sync was to bring to the disk
/// count as clean from then on. Those that it did not are read as they were written until the machine fails, no later sync brings them
/// to the disk, and each gets there only when it is written again.
final class SimulatedDisk {
  /// The sidecar is dead. Not an exception, so that nobody handles it.
  static final class Crash extends Error {
    private static final long serialVersionUID = 1;

    Crash() {
      super("crash", null, false, false);
    }
  }

  /// @param bytes null where the file was cut to `at` bytes
  private record Write(long at, byte @Nullable [] bytes) {}

  /// What a name meant before.
  private record Rename(String name, @Nullable Node before) {}

  /// A file, or a folder where it has names.
  static final class Node {
    final SimulatedPath path;
    final boolean mortal;
    final @Nullable Map<String, Node> names;
    long inode;
    long changedMillis;
    byte[] bytes = {};
    int size;
    int links;
    int opens;
    boolean locked;

    /// Its content is there under another name, or the sidecar has deleted it.
    boolean kept;

    private byte[] synced = {};
    private int syncedSize;
    private final List<Write> unsynced = new ArrayList<>();

    /// Pages that count as clean, and are on disk as they were before.
    private final TreeSet<Integer> dropped = new TreeSet<>();

    /// Whether there ever were any: then what is on disk is not what was written since the last sync.
    private boolean hadDropped;

    private final List<List<Rename>> unsyncedNames = new ArrayList<>();

    Node(SimulatedPath path, boolean mortal, boolean folder) {
      this.path = path;
      this.mortal = mortal;
      names = folder ? new TreeMap<>() : null;
    }

    boolean isFolder() {
      return names != null;
    }

    private void put(long at, byte[] from, int offset, int length) {
      int end = Math.toIntExact(at + length);
      if (end > bytes.length) {
        bytes = Arrays.copyOf(bytes, Math.max(end, bytes.length * 2));
      }
      System.arraycopy(from, offset, bytes, (int) at, length);
      size = Math.max(size, end);
    }

    /// The page cache writes whole pages.
    private void makeDirty(long at, int length) {
      dropped.subSet((int) (at / PAGE_BYTES), (int) ((at + length - 1) / PAGE_BYTES) + 1).clear();
    }

    private void dropUnsynced(RandomGenerator random) {
      for (Write write : unsynced) {
        byte[] written = write.bytes();
        int end = written == null ? size : (int) write.at() + written.length;
        for (int page = (int) (write.at() / PAGE_BYTES); page * PAGE_BYTES < end; page++) {
          if (random.nextInt(3) > 0) {
            dropped.add(page);
            hadDropped = true;
          }
        }
      }
    }

    private void cut(long to) {
      if (to < size) {
        Arrays.fill(bytes, (int) to, size, (byte) 0);
        size = (int) to;
      }
    }

    private void apply(Write write) {
      byte[] written = write.bytes();
      if (written == null) {
        cut(write.at());
      } else {
        put(write.at(), written, 0, written.length);
      }
    }

    private void sync() {
      if (hadDropped) {
        syncPages();
      } else {
        for (Write write : unsynced) {
          sync(write);
        }
      }
      unsynced.clear();
    }

    private void sync(Write write) {
      byte[] written = write.bytes();
      int at = Math.toIntExact(write.at());
      if (written == null) {
        if (at < syncedSize) {
          Arrays.fill(synced, at, syncedSize, (byte) 0);
          syncedSize = at;
        }
        return;
      }
      int end = at + written.length;
      if (end > synced.length) {
        synced = Arrays.copyOf(synced, Math.max(end, synced.length * 2));
      }
      System.arraycopy(written, 0, synced, at, written.length);
      syncedSize = Math.max(syncedSize, end);
    }

    private void syncPages() {
      byte[] before = synced;
      int sizeBefore = syncedSize;
      synced = Arrays.copyOf(bytes, size);
      syncedSize = size;
      for (int page : dropped) {
        int from = page * PAGE_BYTES;
        int to = Math.min(from + PAGE_BYTES, size);
        if (from < to) {
          Arrays.fill(synced, from, to, (byte) 0);
          int old = Math.min(sizeBefore, to) - from;
          if (old > 0) {
            System.arraycopy(before, from, synced, from, old);
          }
        }
      }
    }
  }

  private static final long NEVER = Long.MAX_VALUE;
  private static final long TICK_MILLIS = 4;
  private static final int PAGE_BYTES = 4096;

  private final RandomGenerator random;
  private final Map<String, Node> nodes = new HashMap<>();

  /// In the order in which they were opened: nodes have no hash of their own, and their order decides which numbers are free first.
  private final Set<Node> open = new LinkedHashSet<>();

  private final List<Long> freeInodes = new ArrayList<>();
  private long nextInode = 100;
  private long millis;
  private long callsLeft = NEVER;
  private long callsAfterReplacing = NEVER;
  private boolean sidecarCalls;
  private boolean dead;

  private static final Pattern NUMBERS = Pattern.compile("[0-9a-f]{16}|[0-9]+");

  /// The calls in which it has died: which, and of what.
  final List<String> deaths = new ArrayList<>();

  /// How many of the sidecar's calls there were.
  long calls;

  /// How often the names in mortal folders were synced.
  long nameSyncs;

  /// No file in mortal folders can become longer, and none is made there.
  boolean full;

  /// Bytes that cannot be read.
  private record Bad(String name, long from, long to) {}

  private final List<Bad> bad = new ArrayList<>();

  /// How many reads there are before one fails.
  private long readsLeft = NEVER;

  /// So many bytes files in mortal folders may have, in whole pages.
  long roomBytes = Long.MAX_VALUE;

  /// One of so many syncs of files in mortal folders fails; none where it is 0.
  int syncsFail;

  /// The names in mortal folders cannot be synced.
  boolean namesFail;

  /// Called in each sync of a file in a mortal folder, before anything of it is on disk.
  Runnable onSync = () -> {};

  /// Called in each of them that does not fail, when all is on disk: what is written meanwhile is not covered.
  Runnable onSynced = () -> {};

  /// Whether a sync of the log is under way. Who begins a segment waits for it, so the process dies instead: others cannot go on here
  /// while one waits.
  boolean syncing;

  /// Told of a file that the sidecar deletes, before it does.
  Consumer<Node> onDelete = node -> {};

  /// A rotation is under way: what it deletes beside the log itself is there under another name.
  boolean rotating;

  /// Told of a log file's content that no name and no open file holds any more.
  Consumer<Node> onVanished = node -> {};

  SimulatedDisk(RandomGenerator random) {
    this.random = random;
    SimulatedPath root = new SimulatedFileSystem(this).getPath("/");
    nodes.put(root.toString(), new Node(root, false, true));
  }

  void clock(long nowMillis) {
    millis = nowMillis / TICK_MILLIS * TICK_MILLIS;
  }

  /// What is called until [#leave] is called by the sidecar.
  void enter() {
    sidecarCalls = true;
  }

  void leave() {
    sidecarCalls = false;
  }

  /// Whether the sidecar has died, and that is not over.
  boolean isDead() {
    return dead;
  }

  boolean isSidecar() {
    return sidecarCalls;
  }

  /// The sidecar dies at its `count`th call from now on.
  void dieAfter(long count) {
    callsLeft = count;
  }

  /// The sidecar dies at its `count`th call after it has next put one file in the place of another: what the new one says may be ahead of
  /// what others do.
  void dieAfterReplacing(long count) {
    callsAfterReplacing = count;
  }

  /// It does not die by itself any more.
  void spare() {
    callsLeft = NEVER;
    callsAfterReplacing = NEVER;
  }

  /// The process has gone: what it had open is closed, its locks are free.
  void processEnded() {
    for (Node node : List.copyOf(open)) {
      node.opens = 0;
      node.locked = false;
      open.remove(node);
      freeIfGone(node);
    }
    spare();
    dead = false;
    sidecarCalls = false;
    onSync = () -> {};
    onSynced = () -> {};
    syncing = false;
  }

  /// What was not synced is lost, more or less of it.
  void losePower() {
    for (Node node : List.copyOf(nodes.values())) {
      if (node.mortal && node.isFolder()) {
        loseNames(node);
      }
    }
    for (Node node : List.copyOf(nodes.values())) {
      if (node.mortal && !node.isFolder()) {
        loseWrites(node);
      }
    }
  }

  /// Pages that count as clean are read from the disk again.
  void evict() {
    for (Node node : nodes.values()) {
      for (int page : node.dropped) {
        int from = page * PAGE_BYTES;
        int count = Math.min(PAGE_BYTES, Math.min(node.size, node.synced.length) - from);
        if (count > 0) {
          System.arraycopy(node.synced, from, node.bytes, from, count);
        }
      }
      node.dropped.clear();
    }
  }

  private void loseNames(Node folder) {
    List<List<Rename>> changes = folder.unsyncedNames;
    int kept = random.nextInt(changes.size() + 1);
    for (int i = changes.size() - 1; i >= kept; i--) {
      for (Rename rename : changes.get(i).reversed()) {
        setName(folder, rename.name(), rename.before());
      }
    }
    changes.clear();
  }

  private void loseWrites(Node file) {
    if (file.unsynced.isEmpty() && file.dropped.isEmpty()) {
      return;
    }
    byte[] written = file.bytes;
    int sizeBefore = file.size;
    file.bytes = Arrays.copyOf(file.synced, file.syncedSize);
    file.size = file.syncedSize;
    int kind = random.nextInt(7);
    if (kind == 4) {
      keepPages(file, written, sizeBefore);
    } else {
      keepWrites(file, kind);
      if (kind == 1 && sizeBefore > file.size) {
        // The size was on disk before the content.
        file.put(sizeBefore - 1L, new byte[1], 0, 1);
      }
    }
    file.dropped.clear();
    file.hadDropped = false;
    file.synced = Arrays.copyOf(file.bytes, file.size);
    file.syncedSize = file.size;
    file.unsynced.clear();
  }

  private void keepWrites(Node file, int kind) {
    // The system writes one file after the other.
    int kept =
        switch (kind) {
          case 5 -> file.unsynced.size();
          case 6 -> 0;
          default -> random.nextInt(file.unsynced.size() + 1);
        };
    for (int i = 0; i < file.unsynced.size(); i++) {
      Write write = file.unsynced.get(i);
      byte[] written = write.bytes();
      if (kind == 0 ? random.nextBoolean() : i < kept) {
        file.apply(write);
      } else if (kind != 0 && kind < 5 && i == kept && written != null && written.length > 0) {
        file.put(write.at(), written, 0, random.nextInt(written.length));
      }
    }
  }

  /// The page cache goes to the disk page by page, in any order.
  private void keepPages(Node file, byte[] written, int size) {
    if (size < file.size && random.nextBoolean()) {
      file.cut(size);
    }
    for (int at = 0; at < size; at += PAGE_BYTES) {
      if (random.nextBoolean() && !file.dropped.contains(at / PAGE_BYTES)) {
        file.put(at, written, at, Math.min(PAGE_BYTES, size - at));
      }
    }
  }

  /// One call of the sidecar's.
  ///
  /// @return whether it dies in it
  private boolean diesNow(String call, Object path) {
    if (!sidecarCalls) {
      return false;
    }
    if (dead) {
      throw new Crash();
    }
    calls++;
    if (callsLeft != NEVER && --callsLeft <= 0) {
      dead = true;
      String name = String.valueOf(path);
      deaths.add(
          call + " " + NUMBERS.matcher(name.substring(name.lastIndexOf('/') + 1)).replaceAll("N"));
      return true;
    }
    return false;
  }

  /// A call that changes nothing.
  void look() {
    look("");
  }

  private void look(String path) {
    if (diesNow("look", path)) {
      throw new Crash();
    }
  }

  @Nullable Node find(String path) {
    return nodes.get(path);
  }

  Node get(String path) throws NoSuchFileException {
    look(path);
    Node node = nodes.get(path);
    if (node == null) {
      throw new NoSuchFileException(path);
    }
    return node;
  }

  void makeFolder(SimulatedPath path, boolean mortal) throws IOException {
    boolean dies = diesNow("make folder", path);
    if (!dies || random.nextBoolean()) {
      if (nodes.containsKey(path.toString())) {
        throw new FileAlreadyExistsException(path.toString());
      }
      Node parent = parent(path);
      if (parent == null && path.getNameCount() > 1) {
        throw new NoSuchFileException(path.toString());
      }
      Node node = new Node(path, mortal || (parent != null && parent.mortal), true);
      node.inode = nextInode++;
      if (parent == null) {
        nodes.put(path.toString(), node);
      } else {
        change(parent, name(path), node);
      }
    }
    if (dies) {
      throw new Crash();
    }
  }

  Node open(SimulatedPath path, boolean create, boolean createNew, boolean truncate)
      throws IOException {
    boolean dies = diesNow("open", path);
    Node node = nodes.get(path.toString());
    if (node == null && (create || createNew)) {
      Node parent = parent(path);
      if (parent == null) {
        throw new NoSuchFileException(path.toString());
      }
      if (parent.mortal && full && sidecarCalls) {
        throw noSpace(path);
      }
      dead |= createNew && syncing && sidecarCalls;
      if (dead && sidecarCalls && (!dies || random.nextBoolean())) {
        throw new Crash();
      }
      node = new Node(path, parent.mortal, false);
      node.inode = inode(parent.mortal);
      node.changedMillis = millis;
      change(parent, name(path), node);
    } else if (node == null) {
      throw new NoSuchFileException(path.toString());
    } else if (createNew) {
      throw new FileAlreadyExistsException(path.toString());
    } else if (truncate && !(dies && random.nextBoolean())) {
      cut(node, 0);
    }
    if (dies) {
      throw new Crash();
    }
    if (sidecarCalls) {
      node.opens++;
      open.add(node);
    }
    return node;
  }

  private long inode(boolean mortal) {
    // File systems give a freed number again at once, or much later.
    return mortal || freeInodes.isEmpty() || random.nextInt(3) == 0
        ? nextInode++
        : freeInodes.removeLast();
  }

  void close(Node node) {
    if (node.opens > 0) {
      node.opens--;
      if (node.opens == 0) {
        open.remove(node);
        freeIfGone(node);
      }
    }
  }

  private void freeIfGone(Node node) {
    if (node.links == 0 && node.opens == 0 && !node.isFolder() && !node.mortal) {
      freeInodes.add(node.inode);
      onVanished.accept(node);
    }
  }

  void write(Node node, long at, byte[] bytes, int offset, int length) throws IOException {
    boolean dies = diesNow("write", node.path);
    int fits = node.mortal && sidecarCalls ? fits(node, at, length) : length;
    // What is written again has its place.
    boolean lacksSpace =
        fits < length || (node.mortal && full && sidecarCalls && at + length > node.size);
    int written = fits;
    if (dies) {
      written = random.nextInt(fits + 1);
    } else if (lacksSpace && full) {
      // What write(2) has stored whole it does not call failed.
      written = random.nextInt(Math.min(fits + 1, length));
    }
    node.put(at, bytes, offset, written);
    node.changedMillis = millis;
    if (node.mortal && written > 0) {
      node.unsynced.add(new Write(at, Arrays.copyOfRange(bytes, offset, offset + written)));
      node.makeDirty(at, written);
    }
    if (dies) {
      throw new Crash();
    }
    if (lacksSpace) {
      throw noSpace(node.path);
    }
  }

  /// From now on a read that begins there fails, in all files that were made under names that end so.
  void goesBad(String name, long from, long to) {
    bad.add(new Bad(name, from, to));
  }

  /// All can be read again.
  void isMended() {
    bad.clear();
    readsLeft = NEVER;
  }

  /// One read fails, behind so many that do not.
  void failsOnceBehind(long reads) {
    readsLeft = reads;
  }

  /// Whether [#failsOnceBehind] is yet to come.
  boolean isToFailOnce() {
    return readsLeft != NEVER;
  }

  /// @return how many bytes of a file a read gives
  int readable(Node node, long at, int length) throws IOException {
    if (readsLeft != NEVER && readsLeft-- == 0) {
      readsLeft = NEVER;
      throw new IOException(node.path + ": Input/output error");
    }
    int readable = length;
    for (Bad each : bad) {
      if (!node.path.toString().endsWith(each.name()) || at >= each.to()) {
        continue;
      }
      if (at >= each.from()) {
        throw new IOException(node.path + ": Input/output error");
      }
      readable = (int) Math.min(readable, each.from() - at);
    }
    return readable;
  }

  private int fits(Node node, long at, int length) {
    if (roomBytes == Long.MAX_VALUE) {
      return length;
    }
    long end = pageBytes(node) + roomBytes - usedBytes();
    return Math.clamp(end - at, 0, length);
  }

  /// Of [#roomBytes], nothing where it is [#full].
  long freeBytes() {
    look();
    long free = roomBytes == Long.MAX_VALUE ? roomBytes : Math.max(0, roomBytes - usedBytes());
    return full ? 0 : free;
  }

  /// Of [#roomBytes].
  long usedBytes() {
    Set<Node> files = new LinkedHashSet<>(open);
    files.addAll(nodes.values());
    return files.stream().filter(node -> node.mortal).mapToLong(SimulatedDisk::pageBytes).sum();
  }

  private static long pageBytes(Node node) {
    return (long) (node.size + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
  }

  private static IOException noSpace(SimulatedPath path) {
    return new IOException(path + ": No space left on device");
  }

  void truncate(Node node, long size) {
    boolean dies = diesNow("truncate", node.path);
    if (!dies || random.nextBoolean()) {
      cut(node, size);
    }
    if (dies) {
      throw new Crash();
    }
  }

  private void cut(Node node, long size) {
    if (size < node.size) {
      node.cut(size);
      node.changedMillis = millis;
      if (node.mortal) {
        node.unsynced.add(new Write(size, null));
        node.dropped.tailSet((int) (size / PAGE_BYTES)).clear();
      }
    }
  }

  void force(Node node) throws IOException {
    boolean dies = diesNow("force", node.path);
    if (node.mortal && !node.isFolder()) {
      onSync.run();
    }
    if (syncsFail > 0
        && node.mortal
        && !node.isFolder()
        && !node.unsynced.isEmpty()
        && random.nextInt(syncsFail) == 0) {
      node.dropUnsynced(random);
      node.sync();
      if (dies) {
        throw new Crash();
      }
      throw new IOException(node.path + ": Input/output error");
    }
    if (node.mortal && (!dies || random.nextBoolean())) {
      if (node.isFolder() && namesFail) {
        throw new IOException(node.path + ": Input/output error");
      } else if (node.isFolder()) {
        nameSyncs++;
        node.unsyncedNames.clear();
      } else {
        node.sync();
      }
    }
    if (dies) {
      throw new Crash();
    }
    if (node.mortal && !node.isFolder()) {
      onSynced.run();
    }
  }

  void move(SimulatedPath from, SimulatedPath to, boolean replace) throws IOException {
    boolean dies = diesNow("move", to);
    Node node = nodes.get(from.toString());
    Node folder = parent(to);
    if (node == null || folder == null || parent(from) != folder) {
      throw new NoSuchFileException(from.toString());
    }
    Node before = nodes.get(to.toString());
    if (before != null && !replace) {
      throw new FileAlreadyExistsException(to.toString());
    }
    if (!dies || random.nextBoolean()) {
      List<Rename> change = List.of(new Rename(name(to), before), new Rename(name(from), node));
      setName(folder, name(to), node);
      setName(folder, name(from), null);
      if (folder.mortal) {
        folder.unsyncedNames.add(change);
      }
    }
    if (dies) {
      throw new Crash();
    }
    if (sidecarCalls && callsAfterReplacing != NEVER) {
      callsLeft = callsAfterReplacing;
      callsAfterReplacing = NEVER;
    }
  }

  /// Another name for a file.
  void link(SimulatedPath link, SimulatedPath existing) throws IOException {
    boolean dies = diesNow("link", link);
    Node node = nodes.get(existing.toString());
    Node folder = parent(link);
    if (node == null || folder == null || parent(existing) != folder) {
      throw new NoSuchFileException(existing.toString());
    }
    if (nodes.containsKey(link.toString())) {
      throw new FileAlreadyExistsException(link.toString());
    }
    if (!dies || random.nextBoolean()) {
      change(folder, name(link), node);
    }
    if (dies) {
      throw new Crash();
    }
  }

  void delete(SimulatedPath path) throws IOException {
    boolean dies = diesNow("delete", path);
    Node folder = parent(path);
    Node node = nodes.get(path.toString());
    if (folder == null || node == null) {
      throw new NoSuchFileException(path.toString());
    }
    if (sidecarCalls) {
      onDelete.accept(node);
    }
    if (!dies || random.nextBoolean()) {
      change(folder, name(path), null);
    }
    if (dies) {
      throw new Crash();
    }
  }

  private void change(Node folder, String name, @Nullable Node to) {
    if (folder.mortal) {
      folder.unsyncedNames.add(List.of(new Rename(name, nodes.get(folder.path + "/" + name))));
    }
    setName(folder, name, to);
  }

  private void setName(Node folder, String name, @Nullable Node to) {
    String path = folder.path + "/" + name;
    Node before = to == null ? nodes.remove(path) : nodes.put(path, to);
    if (to == null) {
      names(folder).remove(name);
    } else {
      names(folder).put(name, to);
      to.links++;
    }
    if (before != null) {
      before.links--;
      before.kept = sidecarCalls || (rotating && !name.endsWith(".log"));
      freeIfGone(before);
      if (before.isFolder()) {
        nodes.keySet().removeIf(below -> below.startsWith(path + "/"));
      }
    }
  }

  private static Map<String, Node> names(Node folder) {
    if (folder.names == null) {
      throw new IllegalStateException("not a folder: " + folder.path);
    }
    return folder.names;
  }

  private @Nullable Node parent(SimulatedPath path) {
    String whole = path.toString();
    int slash = whole.lastIndexOf('/');
    return slash <= 0 ? null : nodes.get(whole.substring(0, slash));
  }

  private static String name(SimulatedPath path) {
    String whole = path.toString();
    return whole.substring(whole.lastIndexOf('/') + 1);
  }
}
