package stories

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// sources are the source addresses of the providers in the stories, by name.
var sources = func() map[string]string {
	all := map[string]string{"goto": "terraform-goto/goto", "bearer": "terraform-goto/bearer"}
	for address, name := range stubbed {
		all[name] = address
	}
	return all
}()

// bearer is another provider, with the token of goto_access_token.login.
const bearer = `
provider "bearer" {
  url                  = var.api_url
  authorization_header = ephemeral.goto_access_token.login.authorization_header
}
`

// readMe is what bearer reads. Every run reads it during apply, so both walks need the token.
const readMe = `
data "bearer_get" "me" {
  path       = "/admin/rest/v1/me"
  depends_on = [terraform_data.every_run]
}

resource "terraform_data" "every_run" {
  triggers_replace = timestamp()
}
`

var usedVariable = regexp.MustCompile(`\bvar\.(\w+)`)

// completeConfigurations adds missing declarations to the configurations in and below dir: the sources of the
// providers, the provider bearer, data.bearer_get.me, and variables. Variables are null unless they are set, and
// ephemeral unless they hold an address.
func completeConfigurations(dir string) error {
	configurations := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".tf" {
			return err
		}
		text, err := os.ReadFile(path)
		configurations[filepath.Dir(path)] += string(text)
		return err
	})
	if err != nil {
		return err
	}
	for dir, configuration := range configurations {
		if rest := missingParts(configuration); rest != "" {
			if err := os.WriteFile(filepath.Join(dir, "rest.tf"), []byte(strings.TrimPrefix(rest, "\n")), 0o600); err != nil {
				return err
			}
		}
	}
	return nil
}

func missingParts(configuration string) (rest string) {
	configured := strings.Contains(configuration, "  authorization_header = ")
	used := strings.Contains(configuration, "data.bearer_get.me.")
	if used && !configured {
		rest = bearer
	}
	if used && !strings.Contains(configuration, `data "bearer_get" "me"`) || configured && !strings.Contains(configuration, `data "bearer_get"`) {
		rest += readMe
	}
	configuration += rest
	for _, use := range usedVariable.FindAllStringSubmatch(configuration, -1) {
		declaration := fmt.Sprintf("variable %q {", use[1])
		if !strings.Contains(configuration+rest, declaration) {
			rest += "\n" + declaration + "\n"
			if use[1] == "api_url" || use[1] == "barrier" {
				rest += "  type = string\n}\n"
			} else {
				rest += "  type      = string\n  ephemeral = true\n  default   = null\n}\n"
			}
		}
	}
	if strings.Contains(configuration, "required_providers") {
		return rest
	}
	rest += "\nterraform {\n  required_providers {\n"
	for _, name := range slices.Sorted(maps.Keys(sources)) {
		if name == "goto" || strings.Contains(configuration, strconv.Quote(name)) || strings.Contains(configuration, `"`+name+"_") {
			rest += fmt.Sprintf("    %s = {\n      source = %q\n    }\n", name, sources[name])
		}
	}
	return rest + "  }\n}\n"
}
