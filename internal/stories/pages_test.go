package stories

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"text/template"

	"go.yaml.in/yaml/v3"
)

// pageStory is the story for every configuration in a page. It applies the configuration and provides
// values for the variables that pages use. It only validates a module, because it has no token to pass to it.
var pageStory = template.Must(template.New("").Parse(`{{if .NeedsCurl}}[!exec:curl] skip 'this configuration needs curl'
{{end}}{{if .WriteOnly}}[terraform<1.11] skip 'Terraform 1.10 has no write-only arguments'
{{end}}personal-access-token GOTO_PERSONAL_ACCESS_TOKEN
callback TF_VAR_callback_url
callback TF_VAR_ada_callback_url
callback TF_VAR_eve_callback_url eve@example.com
personal-access-token TF_VAR_personal_access_token
personal-access-token TF_VAR_other_personal_access_token
exec tf fmt -check -diff
exec tf {{if .Module}}validate{{else}}apply -auto-approve{{end}}
-- main.tf --
{{.Configuration}}`))

// writePageStories writes a story for each configuration in the Markdown files of the repository and returns
// their directory. It skips the examples, which have their own stories.
func writePageStories(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	known := map[string]bool{}
	mains, err := filepath.Glob(filepath.Join(examplesDir, "*", "main.tf"))
	if err != nil || len(mains) == 0 {
		t.Fatalf("no examples found (error %v)", err)
	}
	for _, main := range mains {
		known[readText(t, main)] = true
	}
	for _, page := range findPages(t) {
		for i, configuration := range fencedConfigurations(readText(t, filepath.Join(top, page))) {
			if known[configuration] {
				continue
			}
			known[configuration] = true
			var story bytes.Buffer
			if err := pageStory.Execute(&story, map[string]any{
				"Configuration": configuration,
				"NeedsCurl":     strings.Contains(configuration, "curl"),
				"WriteOnly":     strings.Contains(configuration, "_wo "),
				"Module":        strings.Contains(configuration, `variable "authorization_header"`),
			}); err != nil {
				t.Fatal(err)
			}
			name := strings.ReplaceAll(page, string(filepath.Separator), "_") + "_" + strconv.Itoa(i+1) + ".txtar"
			if err := os.WriteFile(filepath.Join(dir, name), story.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	return dir
}

const top = "../.."

// findPages returns the paths of the Markdown files in the repository.
func findPages(t *testing.T) (pages []string) {
	t.Helper()
	err := fs.WalkDir(os.DirFS(top), ".", func(path string, entry fs.DirEntry, err error) error {
		hidden := strings.HasPrefix(entry.Name(), ".") && path != "." && path != ".github"
		switch {
		case err != nil:
			return err
		case entry.IsDir() && hidden:
			return fs.SkipDir
		case !entry.IsDir() && filepath.Ext(path) == ".md":
			pages = append(pages, filepath.FromSlash(path))
		}
		return nil
	})
	if err != nil || !slices.Contains(pages, "README.md") {
		t.Fatalf("found %q (error %v)", pages, err)
	}
	return pages
}

func readText(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var fence = regexp.MustCompile("(?ms)^([ \t]*)```(?:terraform|hcl|tf)[ \t]*\n(.*?)^[ \t]*```[ \t]*$")

// fencedConfigurations returns the configurations in a Markdown text. It removes the indentation of
// those within lists.
func fencedConfigurations(markdown string) (blocks []string) {
	for _, match := range fence.FindAllStringSubmatch(markdown, -1) {
		var block strings.Builder
		for line := range strings.Lines(match[2]) {
			block.WriteString(strings.TrimPrefix(line, match[1]))
		}
		blocks = append(blocks, block.String())
	}
	return blocks
}

func TestFencedConfigurationsAreFound(t *testing.T) {
	t.Parallel()
	const page = "Text.\n\n```sh\nterraform apply\n```\n\n- In a list:\n\n  ```terraform\n  provider \"goto\" {\n    max_retries = 1\n  }\n  ```\n\n```hcl\nlocals {}\n```\n"
	want := []string{"provider \"goto\" {\n  max_retries = 1\n}\n", "locals {}\n"}
	if found := fencedConfigurations(page); !slices.Equal(found, want) {
		t.Errorf("found %q, want %q", found, want)
	}
}

var yamlFence = regexp.MustCompile("(?ms)^```yaml\n(.*?)^```$")

func TestYAMLInPagesIsValid(t *testing.T) {
	t.Parallel()
	found := 0
	for _, page := range findPages(t) {
		for _, match := range yamlFence.FindAllStringSubmatch(readText(t, filepath.Join(top, page)), -1) {
			found++
			var parsed map[string]any
			if err := yaml.Unmarshal([]byte(match[1]), &parsed); err != nil || len(parsed) == 0 {
				t.Errorf("%s: not valid YAML (error %v):\n%s", page, err, match[1])
			}
		}
	}
	if found == 0 {
		t.Error("no YAML found in the pages")
	}
}
