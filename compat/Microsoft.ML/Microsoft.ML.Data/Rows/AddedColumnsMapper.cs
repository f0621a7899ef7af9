namespace Microsoft.ML.Data;

/// <summary>The input's columns, and after them those that a transformer adds.</summary>
internal sealed class AddedColumnsMapper : IRowToRowMapper
{
    private readonly OutputColumn[] _added;

    public AddedColumnsMapper(DataViewSchema input, IEnumerable<OutputColumn> added)
    {
        _added = [.. added];
        InputSchema = input;
        var builder = new DataViewSchema.Builder();
        builder.AddColumns(input);
        builder.AddColumns(_added.Select(c => c.Column));
        OutputSchema = builder.ToSchema();
    }

    public DataViewSchema InputSchema { get; }

    public DataViewSchema OutputSchema { get; }

    public IEnumerable<DataViewSchema.Column> GetDependencies(IEnumerable<DataViewSchema.Column> dependingColumns)
    {
        var needed = dependingColumns.SelectMany(c => c.Index < InputSchema.Count ? [c.Index] : _added[c.Index - InputSchema.Count].Inputs).ToHashSet();
        return InputSchema.Where(c => needed.Contains(c.Index));
    }

    public DataViewRow GetRow(DataViewRow input, IEnumerable<DataViewSchema.Column> activeColumns) => new AddedColumnsRow(input, OutputSchema, _added, activeColumns);
}
