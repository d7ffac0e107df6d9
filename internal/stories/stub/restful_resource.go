package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/big"
	"net/url"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// restfulResource is magodo/restful's data source. It returns the reply to a GET request.
type restfulResource struct{ api api }

// Metadata implements [datasource.DataSource].
func (d *restfulResource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_resource"
}

// Schema implements [datasource.DataSource].
func (d *restfulResource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{Attributes: map[string]schema.Attribute{
		"id":     schema.StringAttribute{Required: true},
		"query":  schema.MapAttribute{ElementType: types.ListType{ElemType: types.StringType}, Optional: true},
		"output": schema.DynamicAttribute{Computed: true},
	}}
}

// Configure implements [datasource.DataSourceWithConfigure].
func (d *restfulResource) Configure(_ context.Context, req datasource.ConfigureRequest, _ *datasource.ConfigureResponse) {
	d.api, _ = req.ProviderData.(api) // nil during validation
}

// Read implements [datasource.DataSource].
func (d *restfulResource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var model struct {
		ID     types.String        `tfsdk:"id"`
		Query  map[string][]string `tfsdk:"query"`
		Output types.Dynamic       `tfsdk:"output"`
	}
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	var body any
	if err := d.api.get(ctx, model.ID.ValueString(), url.Values(model.Query), &body); err != nil {
		resp.Diagnostics.AddError("GET failed", err.Error())
		return
	}
	output, err := value(ctx, body)
	if err != nil {
		resp.Diagnostics.AddError("Unusable reply", err.Error())
		return
	}
	model.Output = types.DynamicValue(output)
	resp.Diagnostics.Append(resp.State.Set(ctx, &model)...)
}

// value returns decoded JSON as a Terraform value.
func value(ctx context.Context, decoded any) (attr.Value, error) {
	switch decoded := decoded.(type) {
	case nil:
		return types.DynamicNull(), nil
	case bool:
		return types.BoolValue(decoded), nil
	case string:
		return types.StringValue(decoded), nil
	case json.Number:
		number, _, err := big.ParseFloat(decoded.String(), 10, 512, big.ToNearestEven)
		return types.NumberValue(number), err
	case []any:
		values, kinds := make([]attr.Value, len(decoded)), make([]attr.Type, len(decoded))
		for i, element := range decoded {
			var err error
			if values[i], err = value(ctx, element); err != nil {
				return nil, err
			}
			kinds[i] = values[i].Type(ctx)
		}
		return types.TupleValueMust(kinds, values), nil
	case map[string]any:
		values, kinds := map[string]attr.Value{}, map[string]attr.Type{}
		for name, element := range decoded {
			var err error
			if values[name], err = value(ctx, element); err != nil {
				return nil, err
			}
			kinds[name] = values[name].Type(ctx)
		}
		return types.ObjectValueMust(kinds, values), nil
	}
	return nil, fmt.Errorf("unexpected %T", decoded)
}
