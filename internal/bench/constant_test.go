package bench

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	frameworkprovider "github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/terraform-goto/terraform-provider-goto/internal/bench/constant"
	"github.com/terraform-goto/terraform-provider-goto/internal/provider"
)

// The floor is a fair comparison only if the command line handles the same schema and equally long values for both
// providers.
func TestConstantProviderHasTheSameAttributes(t *testing.T) {
	t.Parallel()
	attributes := func(made func() frameworkprovider.Provider) (lines []string) {
		schemas := newOpener(t, made).schemas
		all := map[string]*tfprotov6.Schema{"provider": schemas.Provider}
		maps.Copy(all, schemas.EphemeralResourceSchemas)
		maps.Copy(all, schemas.DataSourceSchemas)
		for name, schema := range all {
			for _, a := range schema.Block.Attributes {
				lines = append(lines, fmt.Sprintf("%s: %s, %s, optional: %t, computed: %t, sensitive: %t", name, a.Name, a.ValueType(), a.Optional, a.Computed, a.Sensitive))
			}
		}
		slices.Sort(lines)
		return lines
	}
	if diff := cmp.Diff(sizes(newWorld(t, 0).provider()), sizes(newOpener(t, constant.New))); diff != "" {
		t.Errorf("lengths of values differ (-provider +constant):\n%s", diff)
	}
	if diff := cmp.Diff(attributes(provider.New("test", provider.WithEnvironment(func(string) string { return "" }))), attributes(constant.New)); diff != "" {
		t.Errorf("attributes differ (-provider +constant):\n%s", diff)
	}
}

// sizes returns the lengths of the strings and sets that a block without arguments has once it is open.
func sizes(o *opener) map[string]int {
	schema, sizes := o.schemas.EphemeralResourceSchemas["goto_access_token"].ValueType(), map[string]int{}
	opened, err := o.open(nil).Unmarshal(schema)
	must(o, err)
	var attributes map[string]tftypes.Value
	must(o, opened.As(&attributes))
	for name, value := range attributes {
		var text string
		var elements []tftypes.Value
		if value.As(&text) == nil {
			sizes[name] = len(text)
		} else if value.As(&elements) == nil {
			sizes[name] = len(elements)
		}
	}
	return sizes
}
