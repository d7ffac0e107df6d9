package internal_test

import (
	"path/filepath"
	"strings"
	"testing"
)

const scripts = "stories/testdata/script"

func TestDifferencesHaveStories(t *testing.T) {
	t.Parallel()
	told := map[string]bool{}
	for _, row := range after(t, read(t, "../README.md"), "| situation | Terraform | OpenTofu | story |\n|---|---|---|---|") {
		links := linksIn(row)
		if len(links) != 1 {
			t.Errorf("row must link to exactly one story: %s", row)
		}
		for _, link := range links {
			name := filepath.Base(link.target)
			told[name] = true
			if link.target != "internal/"+scripts+"/"+name || link.text+".txtar" != name {
				t.Errorf("%s is not a story", link)
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
			t.Errorf("%s differs between Terraform and OpenTofu: %t, README.md lists it: %t", name, differs, told[name])
		}
		delete(told, filepath.Base(story))
	}
	for name := range told {
		t.Errorf("README.md lists %s, which does not exist", name)
	}
}
