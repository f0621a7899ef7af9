using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>A transformer that makes each of its columns of one input column.</summary>
public abstract class OneToOneTransformerBase : RowToRowTransformerBase
{
    private protected readonly InputOutputColumnPair[] Pairs;

    private protected OneToOneTransformerBase(IHost host, InputOutputColumnPair[] pairs)
        : base(host)
    {
        InputOutputColumnPair.Check(host, pairs);
        Pairs = pairs;
    }

    private protected override IEnumerable<OutputColumn> AddedColumns(DataViewSchema input)
    {
        for (int i = 0; i < Pairs.Length; i++)
        {
            DataViewSchema.Column column = input.GetColumnOrNull(Pairs[i].InputColumnName)
                ?? throw Host.ExceptSchemaMismatch("inputSchema", "input", Pairs[i].InputColumnName);
            yield return Added(i, column);
        }
    }

    private protected abstract OutputColumn Added(int pair, DataViewSchema.Column input);
}
