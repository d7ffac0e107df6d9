package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// restapiObject is Mastercard/restapi's data source: it searches a list, then reads the object that it found.
type restapiObject struct{ api api }

// Metadata implements [datasource.DataSource].
func (d *restapiObject) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_object"
}

// Schema implements [datasource.DataSource].
func (d *restapiObject) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{Attributes: map[string]schema.Attribute{
		"path":         schema.StringAttribute{Required: true},
		"search_key":   schema.StringAttribute{Required: true},
		"search_value": schema.StringAttribute{Required: true},
		"query_string": schema.StringAttribute{Optional: true},
		"results_key":  schema.StringAttribute{Optional: true},
		"id_attribute": schema.StringAttribute{Optional: true},
		"api_data":     schema.MapAttribute{ElementType: types.StringType, Computed: true},
	}}
}

// Configure implements [datasource.DataSourceWithConfigure].
func (d *restapiObject) Configure(_ context.Context, req datasource.ConfigureRequest, _ *datasource.ConfigureResponse) {
	d.api, _ = req.ProviderData.(api) // nil during validation
}

type restapiModel struct {
	Path        types.String      `tfsdk:"path"`
	SearchKey   types.String      `tfsdk:"search_key"`
	SearchValue types.String      `tfsdk:"search_value"`
	QueryString types.String      `tfsdk:"query_string"`
	ResultsKey  types.String      `tfsdk:"results_key"`
	IDAttribute types.String      `tfsdk:"id_attribute"`
	APIData     map[string]string `tfsdk:"api_data"`
}

// Read implements [datasource.DataSource].
func (d *restapiObject) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var model restapiModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	found, err := d.find(ctx, model)
	if err != nil {
		resp.Diagnostics.AddError("Search failed", err.Error())
		return
	}
	model.APIData = map[string]string{}
	for name, value := range found {
		model.APIData[name] = fmt.Sprint(value)
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &model)...)
}

func (d *restapiObject) find(ctx context.Context, model restapiModel) (map[string]any, error) {
	at := model.Path.ValueString()
	query, err := url.ParseQuery(model.QueryString.ValueString())
	if err != nil {
		return nil, err
	}
	var list map[string]json.RawMessage
	if err := d.api.get(ctx, at, query, &list); err != nil {
		return nil, err
	}
	var results []map[string]any
	if err := json.Unmarshal(list[model.ResultsKey.ValueString()], &results); err != nil {
		return nil, fmt.Errorf("results_key: %w", err)
	}
	for _, result := range results {
		if fmt.Sprint(result[model.SearchKey.ValueString()]) == model.SearchValue.ValueString() {
			var object map[string]any
			id := fmt.Sprint(result[model.IDAttribute.ValueString()])
			return object, d.api.get(ctx, at+"/"+url.PathEscape(id), query, &object)
		}
	}
	return nil, fmt.Errorf("no object has the %s %s", model.SearchKey.ValueString(), model.SearchValue.ValueString())
}
