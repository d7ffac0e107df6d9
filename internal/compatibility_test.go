package internal_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const scripts = "stories/testdata/script"

// The table "Compatibility" of README.md is where the versions are said, and all others must agree.
const (
	oldestTerraform = `(?m)^\| Terraform \| ([\d.]+) or newer \|`
	oldestOpenTofu  = `(?m)^\| OpenTofu \| ([\d.]+) or newer \|`
	oldestGo        = `(?m)^\| Go \| ([\d.]+) or newer \|`
	goForTools      = "(?m)^\\| Go \\|.* ([\\d.]+) for the tools of `make test` \\|"
	writeOnly       = `(?m)^\| Terraform \|.* ([\d.]+) for write-only arguments \|`
)

func TestDifferencesHaveStories(t *testing.T) {
	t.Parallel()
	told := map[string]bool{}
	for _, row := range after(t, read(t, "../README.md"), "| | Terraform | OpenTofu | story |\n|---|---|---|---|") {
		links := linksIn(row)
		if len(links) != 1 {
			t.Errorf("no story, or several: %s", row)
		}
		for _, link := range links {
			name := filepath.Base(link.target)
			told[name] = true
			if link.target != "internal/"+scripts+"/"+name || link.text+".txtar" != name {
				t.Errorf("%s is no story", link)
			}
		}
	}
	stories, err := filepath.Glob(scripts + "/*.txtar")
	if err != nil || len(stories) == 0 {
		t.Fatalf("found %d stories (error %v)", len(stories), err)
	}
	for _, story := range stories {
		text := read(t, story)
		differs := strings.Contains(text, "\n[terraform") && strings.Contains(text, "\n[opentofu")
		if name := filepath.Base(story); differs != told[name] {
			t.Errorf("%s tells Terraform and OpenTofu apart: %t, README.md lists it: %t", name, differs, told[name])
		}
		delete(told, filepath.Base(story))
	}
	for name := range told {
		t.Errorf("README.md lists %s, which does not exist", name)
	}
}

func TestCommandLineVersionsAgree(t *testing.T) {
	t.Parallel()
	readme := read(t, "../README.md")
	terraform, openTofu := find(t, oldestTerraform, readme), find(t, oldestOpenTofu, readme)
	withWriteOnly := find(t, writeOnly, readme)

	index := strings.Join(strings.Fields(read(t, "docs/templates/index.md.tmpl")), " ")
	for _, least := range []string{"Terraform " + terraform, "OpenTofu " + openTofu} {
		if !regexp.MustCompile(regexp.QuoteMeta(least) + `\b`).MatchString(index) {
			t.Errorf("the index page does not say %q", least)
		}
	}

	examples, err := filepath.Glob("../examples/*/main.tf")
	if err != nil || len(examples) == 0 {
		t.Fatalf("found %d examples (error %v)", len(examples), err)
	}
	argument := regexp.MustCompile(`(?m)^\s+\w+_wo\s+=`)
	needs := regexp.MustCompile(`\| needs \| Terraform ([\d.]+) or OpenTofu ([\d.]+)`)
	for _, main := range examples {
		configuration, want := read(t, main), terraform
		if argument.MatchString(configuration) {
			want = withWriteOnly
		}
		if got := find(t, `\n\s+required_version = ">= ([\d.]+)"`, configuration); got != want {
			t.Errorf("%s: required_version is %s, want %s", main, got, want)
		}
		page, err := os.ReadFile(filepath.Join(filepath.Dir(main), "README.md"))
		if said := needs.FindStringSubmatch(string(page)); err == nil && said != nil && !slices.Equal(said[1:], []string{want, openTofu}) {
			t.Errorf("%s: README.md says Terraform %s and OpenTofu %s, want %s and %s", main, said[1], said[2], want, openTofu)
		}
	}

	// The workflow runs on the oldest: { cli: terraform, version: 1.10.x }.
	workflow := read(t, "../.github/workflows/test.yml")
	for cli, least := range map[string]string{"terraform": terraform, "tofu": openTofu} {
		if line := "cli: " + cli + ", version: " + least + ".x"; !regexp.MustCompile(`\{ ` + regexp.QuoteMeta(line) + `\b`).MatchString(workflow) {
			t.Errorf("test.yml has no %q", line)
		}
	}
}

func TestGoVersionsAgree(t *testing.T) {
	t.Parallel()
	readme := read(t, "../README.md")
	if least, said := goVersion(t, ".."), find(t, oldestGo, readme); strings.TrimSuffix(least, ".0") != said {
		t.Errorf("README.md says Go %s, go.mod %s", said, least)
	}
	least := find(t, goForTools, readme)
	if needed := goVersion(t, "tools/opentofu"); needed != least {
		t.Errorf("README.md says Go %s for the tools, OpenTofu needs %s", least, needed)
	}
	for _, page := range []string{"../README.md", "../CONTRIBUTING.md"} {
		if said := find(t, `need Go ([\d.]+) or newer`, read(t, page)); said != least {
			t.Errorf("%s says Go %s, want %s", page, said, least)
		}
	}
}

// goVersion returns the go directive of the module in dir.
func goVersion(t *testing.T, dir string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.GoVersion}}")
	command.Dir = dir
	said, err := command.Output()
	if err != nil {
		t.Fatalf("asking for the module in %s: %v", dir, err)
	}
	return strings.TrimSpace(string(said))
}
