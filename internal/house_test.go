package internal_test

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// first is the text in README.md that precedes the list of imports.
const first = "The drawing shows the main imports. This list shows all imports except those of tests, with each package above the\npackages it imports:\n\n```text"

// plugin stands for terraform-plugin-framework and its sibling modules.
const plugin = "terraform-plugin"

// TestImportsAreAsListed compares the list of imports in README.md with the actual imports.
func TestImportsAreAsListed(t *testing.T) {
	t.Parallel()
	var order []string
	drawn := map[string][]string{}
	for _, line := range after(t, read(t, "README.md"), first) {
		importer, imported, _ := strings.Cut(line, " → ")
		order = append(order, importer)
		drawn[importer] = strings.FieldsFunc(imported, func(r rune) bool { return r == ',' || r == ' ' })
	}
	actual := importsOf(t)
	for importer, imported := range actual {
		switch found, ok := drawn[importer]; {
		case !ok:
			t.Errorf("%s is not in the list; it imports %q", importer, imported)
		case !slices.Equal(found, imported):
			t.Errorf("%s imports %q, the list has %q", importer, imported, found)
		}
	}
	for at, importer := range order {
		if _, ok := actual[importer]; !ok {
			t.Errorf("%s is in the list but does not exist", importer)
		}
		for _, imported := range drawn[importer] {
			if below := slices.Index(order, imported); below >= 0 && below < at {
				t.Errorf("%s is listed above %s, which imports it", imported, importer)
			}
		}
	}
}

// TestEveryPackageIsDescribed checks that the tables have one row per package and that each row names a
// package that exists.
func TestEveryPackageIsDescribed(t *testing.T) {
	t.Parallel()
	section := find(t, `(?s)\n## Packages\n(.*?)\n## `, read(t, "README.md"))
	described := map[string]bool{}
	for _, link := range linksIn(section) {
		described[link.text] = true
		if info, err := os.Stat(link.target); err != nil || !info.IsDir() || link.text != link.target {
			t.Errorf("[%s](%s) does not lead to a folder of that name (error %v)", link.text, link.target, err)
		}
	}
	for name := range importsOf(t) {
		if !described[name] && name != "main.go" {
			t.Errorf("README.md does not describe %s", name)
		}
	}
}

// importsOf maps each package of the project to its imports among the other packages and Terraform's
// plugin modules. Names are short: main.go, or the folder below internal.
func importsOf(t *testing.T) map[string][]string {
	t.Helper()
	command := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,GoFiles,Imports", "./...")
	command.Dir = ".."
	output, err := command.Output()
	if err != nil {
		t.Fatalf("listing the packages: %v", err)
	}
	imports := map[string][]string{}
	for decoder := json.NewDecoder(strings.NewReader(string(output))); ; {
		var listed struct {
			ImportPath       string
			GoFiles, Imports []string
		}
		if err := decoder.Decode(&listed); errors.Is(err, io.EOF) {
			return imports
		} else if err != nil {
			t.Fatal(err)
		}
		if len(listed.GoFiles) == 0 { // only tests, like this package
			continue
		}
		known := []string{}
		for _, path := range listed.Imports {
			if name := shortName(path); name != "" && !slices.Contains(known, name) {
				known = append(known, name)
			}
		}
		slices.Sort(known)
		imports[shortName(listed.ImportPath)] = known
	}
}

func shortName(path string) string {
	const module = "github.com/terraform-goto/terraform-provider-goto"
	switch {
	case path == module:
		return "main.go"
	case strings.HasPrefix(path, module+"/internal/"):
		return strings.TrimPrefix(path, module+"/internal/")
	case strings.HasPrefix(path, "github.com/hashicorp/"+plugin+"-"):
		return plugin
	}
	return ""
}
