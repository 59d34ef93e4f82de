package dev.pannier.inject;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pannier.inject.yaml.YamlText;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InjectCommandTest {
  private static final String DEPLOYMENT =
      """
      # The shop.
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: shop
      spec:
        template:
          metadata:
            labels: {app: shop}
          spec:
            containers:
              - name: app   # all of it
                image: "shop:1"
      """;

  private static final String SERVICE =
      "apiVersion: v1\nkind: Service\nmetadata: {name: shop}\nspec: {ports: [{port: 80}]}\n";

  @TempDir private Path folder;

  private record Result(int code, String out, String err) {}

  private static Result run(String in, String... arguments) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    List<String> all = new ArrayList<>(List.of("inject", "--set", "kafka=kafka:9092"));
    all.addAll(List.of(arguments));
    int code =
        Main.execute(
            all.toArray(String[]::new), new ByteArrayInputStream(in.getBytes(UTF_8)), out, err);
    return new Result(code, out.toString(UTF_8), err.toString(UTF_8));
  }

  private Path file(String name, String text) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    return Files.writeString(file, text);
  }

  @Test
  void standardInputComesOutWithTheSidecar() {
    Result result = run(DEPLOYMENT, "--image", "pannier:1");
    assertThat(result.code()).as(result.err()).isZero();
    assertThat(result.err()).isEqualTo("standard input:7: Deployment shop: injected\n");
    assertThat(result.out())
        .startsWith(DEPLOYMENT.substring(0, DEPLOYMENT.indexOf("    spec:")))
        .contains("        - name: app   # all of it\n")
        .contains("      initContainers:\n        - name: pannier\n          image: pannier:1\n");
    assertThat(run(result.out(), "--remove").out()).isEqualTo(DEPLOYMENT);
    assertThat(run(result.out(), "-f", "-", "--image", "pannier:1").out()).isEqualTo(result.out());
  }

  @Test
  void whatIsNoWorkloadIsWrittenAsItIs() {
    assertThat(run(SERVICE)).isEqualTo(new Result(0, SERVICE, ""));
    assertThat(run("")).isEqualTo(new Result(0, "", ""));
    assertThat(run("# nothing\n")).isEqualTo(new Result(0, "# nothing\n", ""));
    String volcano = DEPLOYMENT.replace("apps/v1", "batch.volcano.sh/v1alpha1");
    assertThat(run(volcano)).isEqualTo(new Result(0, volcano, ""));
  }

  @Test
  void aFolderIsReadWithItsFoldersInOrder() throws Exception {
    file("b/deployment.yaml", DEPLOYMENT);
    file("a.yml", SERVICE.stripTrailing());
    file("c.json", "{\"apiVersion\": \"v1\", \"kind\": \"ConfigMap\"}");
    file("notes.txt", "{{ no manifest");
    Result result = run("", "-f", folder.toString());
    assertThat(result.code()).as(result.err()).isZero();
    assertThat(result.out())
        .startsWith("---\n" + SERVICE + "---\n# The shop.")
        .contains("- name: pannier\n")
        .endsWith("---\n{\"apiVersion\": \"v1\", \"kind\": \"ConfigMap\"}");
  }

  @Test
  void jsonIsReadAsKubectlReadsIt() throws Exception {
    String pod =
        """
        {
        \t"apiVersion": "v1",
        \t"kind": "Pod",
        \t"spec": {
        \t\t"containers": [
        \t\t\t{"name": "%s"}
        \t\t]
        \t}
        }
        """;
    String pods = pod.formatted("a") + pod.formatted("b");
    Result result = run(pods, "--image", "pannier:1");
    assertThat(result.err())
        .isEqualTo(
            """
            standard input:1: document 1: Pod: injected
            standard input:10: document 2: Pod: injected
            """);
    assertThat(result.out()).contains("\n\t\t\t\t\"image\": \"pannier:1\",\n").contains("}\n{\n");
    assertThat(run(result.out(), "--remove").out()).isEqualTo(pods);
    file("a.json", pods);
    file("b.yaml", DEPLOYMENT);
    String all = run("", "-f", folder.toString()).out();
    assertThat(all).startsWith("---\n{\n").contains("}\n---\n{\n").contains("}\n---\n# The shop");
    assertThat(run(all).out()).as("what comes out can be read again").isEqualTo(all);
  }

  @Test
  void filesAreChangedInPlaceAndKeepTheirPermissions() throws Exception {
    Path file = file("a.yaml", DEPLOYMENT);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
    assertThat(run("", "-i", "-f", file.toString()))
        .isEqualTo(new Result(0, "", file + ":7: Deployment shop: injected\n"));
    assertThat(file).content().contains("- name: pannier");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-r-----");
    assertThat(run("", "-i", "--remove", "-f", file.toString()).err())
        .isEqualTo(file + ":7: Deployment shop: taken out\n");
    assertThat(file).hasContent(DEPLOYMENT);
    assertThat(folder).isDirectoryNotContaining("glob:**new");
  }

  @Test
  void everyDocumentAndEveryItemOfAListGetsIt() {
    String job =
        """
        apiVersion: batch/v1
        kind: CronJob
        metadata: {name: nightly}
        spec:
          schedule: "0 3 * * *"
          jobTemplate:
            spec:
              template:
                spec:
                  restartPolicy: Never
                  containers: [{name: job, image: j}]
        """;
    String list =
        "apiVersion: v1\nkind: List\nitems:\n"
            + ("- " + DEPLOYMENT.substring(DEPLOYMENT.indexOf('a')).indent(2).stripLeading())
            + "- {apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [{name:"
            + " c}]}}\n";
    Result result = run(job + "---\n" + SERVICE + "---\n" + list);
    assertThat(result.code()).as(result.err()).isZero();
    assertThat(result.err().lines())
        .containsExactly(
            "standard input:8: document 1: CronJob nightly: injected",
            "standard input:26: document 3: Deployment shop: injected",
            "standard input:33: document 3: Pod p: injected");
    assertThat(result.out().split("name: pannier[,\n]", -1)).hasSize(4);
    assertThat(run(result.out(), "--remove").out())
        .isEqualTo(job + "---\n" + SERVICE + "---\n" + list);
  }

  @Test
  void aStatefulSetsClaimIsAVolumeOfItsPods() {
    String claimed =
        DEPLOYMENT
                .replace("Deployment", "StatefulSet")
                .replace(
                    "spec:\n  template",
                    "spec:\n  volumeClaimTemplates: [{metadata: {name: data}}]\n  template")
            + "          volumeMounts: [{name: data, mountPath: /var/log/app}]\n";
    assertThat(run(claimed).err()).contains("volumeMounts[0]: outlives the Pod");
    assertThat(run(claimed.replace("{name: data}", "{name: other}")).err())
        .contains("volumeMounts[0].name: is the name of no volume of the Pod (data)");
  }

  /// As the API server answers, whose items do not say what they are.
  @Test
  void everyItemOfAListOfOneKindGetsIt() {
    String list =
        "apiVersion: apps/v1\nkind: DeploymentList\nitems:\n"
            + ("- " + DEPLOYMENT.substring(DEPLOYMENT.indexOf("metadata")).indent(2).stripLeading())
            + ("- " + DEPLOYMENT.substring(DEPLOYMENT.indexOf('a')).indent(2).stripLeading());
    Result result = run(list);
    assertThat(result.err())
        .isEqualTo(
            """
            standard input:7: Deployment shop: injected
            standard input:19: Deployment shop: injected
            """);
    assertThat(run(result.out(), "--remove").out()).isEqualTo(list);
    String pods =
        """
        {"apiVersion": "v1", "kind": "PodList", "items": [{"spec": {"containers": [{"name": "a"}]}}]}
        """;
    assertThat(run(pods).out()).contains("pannier");
    String services = list.replace("DeploymentList", "ServiceList");
    assertThat(run(services).out())
        .as("an item that says what it is, in a list of something else")
        .isEqualTo(services);
  }

  @Test
  void aWrongAnnotationIsToldWithItsPlaceAndNothingIsWritten() throws Exception {
    Path good = file("a.yaml", DEPLOYMENT);
    Path bad =
        file(
            "b.yaml",
            SERVICE
                + "---\n"
                + DEPLOYMENT.replace(
                    "labels: {app: shop}",
                    "labels: {app: shop}\n      annotations:\n        pannier.dev/kafka: kafka"));
    Result result = run("", "-i", "-f", folder.toString());
    assertThat(result.code()).isEqualTo(2);
    assertThat(result.out()).isEmpty();
    assertThat(result.err())
        .contains(
            bad
                + ":16: document 2: Deployment shop:"
                + " spec.template.metadata.annotations.pannier.dev/kafka: is no host:port, nor"
                + " several between commas (kafka)\n")
        .endsWith("pannier: nothing was written\n");
    assertThat(good).hasContent(DEPLOYMENT);
  }

  @Test
  void annotationsThatAreNotThePodsAreTold() {
    String said =
        DEPLOYMENT.replace(
            "  name: shop\n",
            """
              name: shop
              annotations: {a: b, pannier.dev/inject: 'false'}
              labels:
                pannier.dev/inject: 'true'
            """);
    assertThat(run(said).err())
        .isEqualTo(
            """
            standard input:6: Deployment shop: metadata.annotations.pannier.dev/inject: does not count here: say it in spec.template.metadata.annotations
            standard input:8: Deployment shop: metadata.labels.pannier.dev/inject: does not count here: say it in spec.template.metadata.labels
            standard input:10: Deployment shop: injected
            """);
    String job =
        """
        apiVersion: v1
        kind: List
        items:
        - apiVersion: batch/v1
          kind: CronJob
          metadata: {name: nightly}
          spec:
            jobTemplate:
              metadata: {annotations: {pannier.dev/kafka: 'k:1'}}
              spec: {template: {spec: {containers: [{name: a}]}}}
        """;
    assertThat(run(job).err())
        .startsWith(
            "standard input:9: CronJob nightly:"
                + " items[0].spec.jobTemplate.metadata.annotations.pannier.dev/kafka: does not"
                + " count here: say it in"
                + " items[0].spec.jobTemplate.spec.template.metadata.annotations\n");
    String pod =
        """
        apiVersion: v1
        kind: Pod
        metadata: {annotations: {pannier.dev/mode: native}}
        spec: {containers: [{name: a}]}
        """;
    assertThat(run(pod).err()).isEqualTo("standard input:1: Pod: injected\n");
    assertThat(run(said, "--remove").err()).doesNotContain("count");
  }

  @Test
  void aTemplateOfAChartIsToldFromYaml() {
    Result result = run("a: 1\n{{- if .Values.b }}\nb: 1\n{{- end }}\n");
    assertThat(result.code()).isEqualTo(2);
    assertThat(result.err()).startsWith("standard input:3: ").contains("helm template");
  }

  @Test
  void onlyAnnotatedPodsAreWantedWhenThatIsSaid() {
    assertThat(run(DEPLOYMENT, "--annotated").out()).isEqualTo(DEPLOYMENT);
    String annotated =
        DEPLOYMENT.replace("labels: {app: shop}", "annotations: {pannier.dev/inject: 'true'}");
    assertThat(run(annotated, "--annotated").out()).contains("name: pannier");
  }

  @Test
  void whatAPodDoesNotSayCanBeSetForAll() {
    assertThat(
            run(DEPLOYMENT, "--set", "kafka=k:9092", "--set", "log-dir=none", "--ordinary").out())
        .contains("k:9092")
        .doesNotContain("pannier-logs")
        .doesNotContain("initContainers");
    Result wrong = run(DEPLOYMENT, "--set", "kafka=k");
    assertThat(wrong.code()).isEqualTo(2);
    assertThat(wrong.err()).contains("default of kafka: is no host:port");
    assertThat(run(DEPLOYMENT, "--set", "kafkas=k").err())
        .contains("unknown key, known are inject");
  }

  @Test
  void anInjectionWithAnotherImageReplacesTheOneBefore() {
    String once = run(DEPLOYMENT, "--image", "pannier:1").out();
    assertThat(run(once, "--image", "pannier:2").out())
        .isEqualTo(once.replace("image: pannier:1", "image: pannier:2"));
  }

  @Test
  void saysNoTakesItOutAgain() {
    String annotated =
        DEPLOYMENT.replace("labels: {app: shop}", "annotations: {pannier.dev/inject: 'true'}");
    String once = run(annotated).out();
    assertThat(run(once.replace("inject: 'true'", "inject: 'false'")).out())
        .isEqualTo(annotated.replace("inject: 'true'", "inject: 'false'"));
  }

  @Test
  void whatIsLeftOfASidecarIsToldWhenItIsTakenOut() {
    String renamed = run(DEPLOYMENT).out().replace("- name: app ", "- name: web ");
    Result result = run(renamed, "--remove");
    assertThat(result.code()).isZero();
    assertThat(result.err())
        .contains("Deployment shop: spec.template.spec.containers.app.env: does not have here")
        .contains("spec.template.spec.volumes[0]: was injected, and stays: ")
        .endsWith("Deployment shop: taken out\n");
    assertThat(result.out()).contains("volumes:\n        - name: pannier-logs\n");
  }

  @Test
  void whatAnotherContainerMountsByHandStaysWhenItIsInjectedAgain() {
    String another =
        """
        - name: web
          volumeMounts:
            - name: pannier-logs
              mountPath: /var/log/app
        """
            .indent(8);
    String edited = run(DEPLOYMENT).out().replace("      volumes:\n", another + "      volumes:\n");
    String once = run(edited).out();
    assertThat(once.split("name: pannier-logs\n", -1)).hasSize(5);
    assertThat(run(once).out()).isEqualTo(once);
    String without = run(once, "--remove").out();
    assertThat(without).contains(another).contains("volumes:\n        - name: pannier-logs\n");
    assertThat(without.split("name: pannier", -1)).hasSize(3);
  }

  @Test
  void anExplicitNullIsAsGoodAsNothingAndComesBack() {
    String nulls =
        DEPLOYMENT.replace("labels: {app: shop}", "annotations: Null # none")
            + "          env: ~\n          volumeMounts: null\n      volumes: null # none";
    Result result = run(nulls);
    assertThat(result.code()).as(result.err()).isZero();
    assertThat(result.out())
        .contains("annotations: # none\n        pannier.dev/injected: ")
        .contains("spec.volumes=null[pannier-logs,")
        .contains("spec.containers.app.env=~[K8S_");
    assertThat(run(result.out()).out()).isEqualTo(result.out());
    assertThat(run(result.out(), "--remove").out()).isEqualTo(nulls);
    assertThat(
            run(result.out().replace("env:\n", "env:\n            - name: MINE\n"), "--remove")
                .out())
        .contains("env:\n            - name: MINE\n          volumeMounts: null\n");
  }

  /// What they mean is for `kubectl` to say.
  @Test
  void whatIsNoWorkloadMayHaveAKeyTwice() {
    String twice = SERVICE + "metadata: {name: web, name: shop}\n";
    Result result = run(twice + "---\n" + DEPLOYMENT + "---\n" + twice);
    assertThat(result.code()).as(result.err()).isZero();
    assertThat(result.out())
        .startsWith(twice + "---\n# The shop.")
        .contains("- name: pannier\n")
        .endsWith("---\n" + twice);
    assertThat(run(result.out(), "--remove").out())
        .isEqualTo(twice + "---\n" + DEPLOYMENT + "---\n" + twice);
    assertThat(run(DEPLOYMENT + "kind: Deployment\n").err())
        .isEqualTo(
            "standard input:14: the key is there twice, first in line 3, and kubectl takes the"
                + " last: leave one out (kind)\n"
                + "pannier: nothing was written\n");
  }

  /// Nothing is written with one, but all that is wrong is told.
  @Test
  void aKeyThatIsThereTwiceIsToldBesideWhatIsWrongWithOtherDocuments() throws Exception {
    String twice = DEPLOYMENT + "          image: shop:2\n";
    file(
        "a.yaml",
        twice + "---\n" + DEPLOYMENT + "---\n" + DEPLOYMENT + "      hostNetwork: true\n");
    file("b.yaml", DEPLOYMENT);
    Result result = run("", "-f", folder.toString(), "--in-place");
    assertThat(result.code()).isEqualTo(2);
    assertThat(result.err().replace(folder + "/", ""))
        .isEqualTo(
            """
            a.yaml:14: document 1: the key is there twice, first in line 13, and kubectl takes the last: leave one out (image)
            a.yaml:22: document 2: Deployment shop: injected
            a.yaml:43: document 3: Deployment shop: spec.template.spec.hostNetwork: the sidecar's ports would be the node's, and one Pod's alone; leave the Pod out with pannier.dev/inject: "false" (true)
            b.yaml:7: Deployment shop: injected
            pannier: nothing was written
            """);
    assertThat(Files.readString(folder.resolve("b.yaml"))).isEqualTo(DEPLOYMENT);
  }

  /// A list whose key a merge brings with nothing behind it has to go with its elements.
  @Test
  void nullsThatAMergeKeyBringsAreAsGoodAsNothing() {
    String merged =
        """
        apiVersion: v1
        kind: List
        items:
        - apiVersion: v1
          kind: PodTemplate
          metadata: &metadata {annotations: ~, labels: null}
          spec: &spec
            initContainers:
            volumes: ~
            containers:
            - &container {name: app, env: ~, volumeMounts: null}
        - apiVersion: v1
          kind: Pod
          metadata: {<<: *metadata, name: p}
          spec:
            <<: *spec
            containers:
            - {<<: *container, name: web}
        """;
    Result result = run(merged);
    assertThat(result.code()).as(result.err()).isZero();
    assertThat(run(result.out()).out()).isEqualTo(result.out());
    assertThat(run(result.out(), "--remove").out()).isEqualTo(merged);
  }

  /// The last of the first file's has a line end to `kubectl`, if only there.
  @Test
  void aTextAtTheEndOfAFileIsTheSameAmongOthers() throws Exception {
    String map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  a: |\n    text";
    file("a.yaml", map);
    file("b.json", " {\"kind\":\t\"A\"}\n\t{\"kind\": \"B\"}");
    file(
        "c.yaml",
        DEPLOYMENT.replace("image: \"shop:1\"\n", "args:\n          - |\n            run"));
    Result result = run("", "-f", folder.toString());
    assertThat(result.code()).as(result.err()).isZero();
    assertThat(result.out())
        .startsWith(
            "---\n"
                + map
                + "\n---\n {\"kind\":\t\"A\"}\n---\n\t{\"kind\": \"B\"}\n---\n# The shop");
    YamlText read = YamlText.parse(result.out());
    assertThat(read.size()).isEqualTo(4);
    assertThat(String.valueOf(read.tree(0))).endsWith("data={a=text\n}}");
    assertThat(String.valueOf(read.tree(3))).contains("args=[run\n], env=");
  }

  @Test
  void filesThatCannotBeReadAreToldAndFail() throws Exception {
    assertThat(run("", "-f", folder + "/none.yaml").err()).contains("none.yaml: no such file");
    assertThat(run("", "-f", folder.toString()).code()).isEqualTo(1);
    Path latin = folder.resolve("latin.yaml");
    Files.write(latin, new byte[] {'a', ':', ' ', (byte) 0xE4});
    assertThat(run("", "-f", latin.toString()).err()).contains("is not UTF-8");
    assertThat(run("", "--in-place").code()).isEqualTo(2);
  }

  @Test
  void aTabBehindAKeyAndOldLineEndsStay() {
    for (String text :
        List.of(DEPLOYMENT.replace("image: ", "image:\t"), DEPLOYMENT.replace("\n", "\r"))) {
      Result result = run(text);
      assertThat(result.err()).isEqualTo("standard input:7: Deployment shop: injected\n");
      assertThat(run(result.out(), "--remove").out()).isEqualTo(text);
    }
  }

  @Test
  void aByteOrderMarkStays() {
    assertThat(run("\uFEFF" + DEPLOYMENT).out()).startsWith("\uFEFF# The shop.");
  }
}
