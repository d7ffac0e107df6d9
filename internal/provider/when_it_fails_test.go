package provider_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
)

// The headings must match the messages exactly, so that people can search for a message in the guide.
func TestGuideHasEveryMessage(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../docs/templates/guides/when-it-fails.md")
	if err != nil {
		t.Fatal(err)
	}
	var headings []string
	for _, match := range regexp.MustCompile(`(?m)^### ((?:Error|Warning): .+)$`).FindAllStringSubmatch(string(text), -1) {
		headings = append(headings, match[1])
	}
	messages := slices.Concat(ownMessages(t), libraryMessages(t))
	for _, misuse := range misuses {
		messages = append(messages, misuse.terraform, misuse.openTofu)
	}
	messages = append(messages, "Error: Variable does not allow ephemeral value") // requires a module, tested in the story ephemeral-values
	slices.Sort(messages)
	slices.Sort(headings)
	if diff := cmp.Diff(slices.Compact(messages), headings); diff != "" {
		t.Errorf("headings differ from messages (-messages +headings):\n%s", diff)
	}
}

// misuses are uses of the token that the command lines refuse themselves, with their messages.
var misuses = []struct{ configuration, terraform, openTofu string }{
	{
		`resource "terraform_data" "test" { input = ephemeral.goto_access_token.test.access_token }`,
		"Error: Invalid use of ephemeral value", "Error: Ephemeral value used in non-ephemeral context",
	},
	{
		`output "test" { value = ephemeral.goto_access_token.test.access_token }`,
		"Error: Ephemeral value not allowed", "Error: Output does not allow ephemeral value",
	},
	{
		"output \"test\" {\n  value = ephemeral.goto_access_token.test.access_token\n  ephemeral = true\n}",
		"Error: Ephemeral output not allowed", "Error: Invalid output configuration",
	},
	{ // both, because OpenTofu 1.11 accepts it in count
		"resource \"terraform_data\" \"test\" {\n  count = ephemeral.goto_access_token.test.expires_in\n}\n" +
			"resource \"terraform_data\" \"test_2\" {\n  for_each = toset([ephemeral.goto_access_token.test.principal])\n}",
		"Error: Invalid count argument", "Error: Invalid for_each argument",
	},
}

func TestMisuseOfTheTokenIsRefused(t *testing.T) {
	t.Parallel()
	for _, misuse := range misuses {
		t.Run(misuse.terraform, func(t *testing.T) {
			t.Parallel()
			newWorld(t).run(resource.TestStep{
				Config:      echoed(`personal_access_token = "abc"`) + misuse.configuration,
				ExpectError: regexp.MustCompile(misuse.terraform + "|" + misuse.openTofu),
			})
		})
	}
}

// libraryMessages returns the messages of the libraries that validate arguments.
func libraryMessages(t *testing.T) (messages []string) {
	t.Helper()
	server := newServer(t, func(string) string { return "" })
	validated, err := server.ValidateProviderConfig(t.Context(), &tfprotov6.ValidateProviderConfigRequest{
		Config: arguments(t, schemas(t, server).Provider, map[string]tftypes.Value{
			"max_retries": tftypes.NewValue(tftypes.Number, 11),
		}),
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, diagnostic := range validated.Diagnostics {
		messages = append(messages, "Error: "+diagnostic.Summary)
	}
	return messages
}

// ownMessages returns the message summaries in the source of this package, as the command line prints them, with
// ARGUMENT in place of an argument's name. It finds summaries in calls to the framework's functions and to functions of
// this package that have a parameter named summary.
func ownMessages(t *testing.T) (messages []string) {
	t.Helper()
	packages, err := parser.ParseDir(token.NewFileSet(), ".", func(file fs.FileInfo) bool { return !strings.HasSuffix(file.Name(), "_test.go") }, 0) //nolint:staticcheck // there are no build tags
	if err != nil {
		t.Fatal(err)
	}
	constants, places := map[string]string{}, map[string]int{}
	for _, severity := range []string{"Error", "Warning"} {
		places["Add"+severity], places["AddAttribute"+severity] = 0, 1
		places["New"+severity+"Diagnostic"], places["NewAttribute"+severity+"Diagnostic"] = 0, 1
	}
	ast.Inspect(packages["provider"], func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.ValueSpec:
			for i, value := range node.Values {
				constants[node.Names[i].Name] = unquoted(value)
			}
		case *ast.FuncDecl:
			place := 0
			for _, field := range node.Type.Params.List {
				for _, name := range field.Names {
					if name.Name == "summary" {
						places[node.Name.Name] = place
					}
					place++
				}
			}
		}
		return true
	})
	ast.Inspect(packages["provider"], func(node ast.Node) bool {
		call, ok := node.(*ast.CallExpr)
		if !ok {
			return true
		}
		name := nameOf(call.Fun)
		place, ok := places[name]
		if !ok {
			return true
		}
		severity, text := "Error: ", ""
		if strings.Contains(name, "Warning") {
			severity = "Warning: "
		}
		switch summary := call.Args[place].(type) {
		case *ast.BinaryExpr:
			text = unquoted(summary.X) + "ARGUMENT"
		case *ast.Ident:
			text = constants[summary.Name]
			if summary.Name == "summary" {
				return true
			}
		case *ast.CallExpr:
			if nameOf(summary.Fun) == "Summary" { // copied from another diagnostic
				return true
			}
		default:
			text = unquoted(summary)
		}
		if text == "" || text == "ARGUMENT" {
			t.Errorf("cannot determine a summary passed to %s", name)
		}
		messages = append(messages, severity+text)
		return true
	})
	return messages
}

// nameOf returns the name of the given function or method.
func nameOf(function ast.Expr) string {
	switch function := function.(type) {
	case *ast.Ident:
		return function.Name
	case *ast.SelectorExpr:
		return function.Sel.Name
	}
	return ""
}

// unquoted returns the text of a string literal, or "" if expression is not one.
func unquoted(expression ast.Expr) string {
	literal, ok := expression.(*ast.BasicLit)
	if !ok {
		return ""
	}
	text, err := strconv.Unquote(literal.Value)
	if err != nil {
		return ""
	}
	return text
}
