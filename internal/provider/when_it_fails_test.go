package provider_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
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

// The guide "When it fails" has a heading for every message, spelled as the command line prints it.
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
	messages = append(messages, "Error: Variable does not allow ephemeral value") // of a module, so it is in a story: ephemeral-values
	slices.Sort(messages)
	slices.Sort(headings)
	if diff := cmp.Diff(slices.Compact(messages), headings); diff != "" {
		t.Errorf("the headings are not those of the messages (- messages, + headings):\n%s", diff)
	}
}

// misuses are uses of the token that the command lines refuse themselves, and what they say.
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
	{ // OpenTofu 1.11 accepts it in count, so this has both
		"resource \"terraform_data\" \"test\" {\n  count = ephemeral.goto_access_token.test.expires_in\n}\n" +
			"resource \"terraform_data\" \"test_2\" {\n  for_each = toset([ephemeral.goto_access_token.test.principal])\n}",
		"Error: Invalid count argument", "Error: Invalid for_each argument",
	},
}

func TestMisusesOfTheToken(t *testing.T) {
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

// libraryMessages returns what the libraries behind the schema say to arguments that they refuse.
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

// maker is a function that makes diagnostics.
type maker struct {
	summary  int // which parameter is the summary
	severity string
}

// messageSearch finds the messages in the source of this package.
type messageSearch struct {
	*testing.T
	files     *token.FileSet
	constants map[string]string
	makers    map[string]maker // by name
	found     map[string]bool
}

// ownMessages returns the messages in the source of this package, as the command line prints their summaries,
// with ARGUMENT where the name of an argument goes.
func ownMessages(t *testing.T) []string {
	t.Helper()
	search := messageSearch{t, token.NewFileSet(), map[string]string{}, map[string]maker{}, map[string]bool{}}
	for _, severity := range []string{"Error", "Warning"} {
		search.makers["Add"+severity] = maker{0, severity}
		search.makers["AddAttribute"+severity] = maker{1, severity}
		search.makers["New"+severity+"Diagnostic"] = maker{0, severity}
		search.makers["NewAttribute"+severity+"Diagnostic"] = maker{1, severity}
	}
	paths, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var declarations []ast.Decl
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(search.files, path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		declarations = append(declarations, file.Decls...)
	}
	for _, declaration := range declarations {
		search.rememberConstants(declaration)
	}
	// A function that hands on a summary is a maker as well, and so are those that call it.
	for known := -1; known < len(search.makers); {
		known = len(search.makers)
		for _, declaration := range declarations {
			search.look(declaration)
		}
	}
	return slices.Collect(maps.Keys(search.found))
}

func (s *messageSearch) rememberConstants(declaration ast.Decl) {
	constants, ok := declaration.(*ast.GenDecl)
	if !ok || constants.Tok != token.CONST {
		return
	}
	for _, spec := range constants.Specs {
		if spec, ok := spec.(*ast.ValueSpec); ok && len(spec.Names) == len(spec.Values) {
			for i, value := range spec.Values {
				if text, ok := unquoted(value); ok {
					s.constants[spec.Names[i].Name] = text
				}
			}
		}
	}
}

var makerName = regexp.MustCompile(`^(Add|New)\w*(Error|Warning|Diagnostic)s?$`)

// look looks at every call of a maker.
func (s *messageSearch) look(declaration ast.Decl) {
	function, _ := declaration.(*ast.FuncDecl)
	called := map[ast.Node]bool{}
	ast.Inspect(declaration, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.CallExpr:
			called[node.Fun] = true
			if maker, ok := s.makers[nameOf(node.Fun)]; ok {
				s.hear(function, maker, node)
			}
		case *ast.SelectorExpr:
			name := node.Sel.Name
			if _, known := s.makers[name]; !known && makerName.MatchString(name) || known && !called[node] {
				s.Errorf("%s: this test does not understand this use of %s", s.files.Position(node.Pos()), name)
			}
		}
		return true
	})
}

// nameOf returns the name of a function or method.
func nameOf(function ast.Expr) string {
	switch function := function.(type) {
	case *ast.Ident:
		return function.Name
	case *ast.SelectorExpr:
		return function.Sel.Name
	}
	return ""
}

// hear takes in the summary that function gives to a maker.
func (s *messageSearch) hear(function *ast.FuncDecl, made maker, call *ast.CallExpr) {
	place := s.files.Position(call.Pos())
	if len(call.Args) <= made.summary {
		s.Errorf("%s: this test does not understand this call", place)
		return
	}
	summary := call.Args[made.summary]
	if repeated, ok := summary.(*ast.CallExpr); ok && nameOf(repeated.Fun) == "Summary" {
		return // of another diagnostic
	}
	if name, ok := summary.(*ast.Ident); ok {
		if i := slices.Index(parameters(function), name.Name); i >= 0 {
			outer := maker{i, made.severity}
			if known, ok := s.makers[function.Name.Name]; ok && known != outer {
				s.Errorf("%s: this test does not understand a function that makes errors and warnings", place)
			}
			s.makers[function.Name.Name] = outer
			return
		}
	}
	text, err := s.read(function, summary)
	if err != nil {
		s.Errorf("%s: %v", place, err)
		return
	}
	s.found[made.severity+": "+text] = true
}

// read returns the text of a summary.
func (s *messageSearch) read(function *ast.FuncDecl, summary ast.Expr) (string, error) {
	if text, ok := unquoted(summary); ok {
		return text, nil
	}
	switch part := summary.(type) {
	case *ast.BinaryExpr:
		left, err := s.read(function, part.X)
		if err != nil {
			return "", err
		}
		right, err := s.read(function, part.Y)
		return left + right, err
	case *ast.Ident:
		if text, ok := s.constants[part.Name]; ok {
			return text, nil
		}
		if slices.Contains(parameters(function), part.Name) {
			return "ARGUMENT", nil
		}
	case *ast.CallExpr:
		if name := nameOf(part.Fun); name == "name" || name == "variable" {
			return "ARGUMENT", nil
		}
	}
	return "", fmt.Errorf("this test does not understand %T as a part of a summary", summary)
}

func unquoted(expression ast.Expr) (string, bool) {
	literal, ok := expression.(*ast.BasicLit)
	if !ok || literal.Kind != token.STRING {
		return "", false
	}
	text, err := strconv.Unquote(literal.Value)
	return text, err == nil
}

// parameters returns the names of function's parameters, nil: of none.
func parameters(function *ast.FuncDecl) (names []string) {
	if function == nil {
		return nil
	}
	for _, field := range function.Type.Params.List {
		for _, name := range field.Names {
			names = append(names, name.Name)
		}
	}
	return names
}
