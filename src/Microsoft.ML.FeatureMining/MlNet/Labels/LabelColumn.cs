namespace Microsoft.ML.FeatureMining.MlNet.Labels;

/// <summary>The label column of a schema: of each row it gives a number, which stands for a class or for a set of classes.</summary>
internal abstract class LabelColumn(DataViewSchema.Column column, ClassKeys keys)
{
    public DataViewSchema.Column Column { get; } = column;

    /// <summary>The classes.</summary>
    public ClassKeys Keys { get; } = keys;

    /// <summary>For each number met so far the classes that it stands for, [K] of 0 and 1; null where a number is a class.</summary>
    public virtual IReadOnlyList<float[]>? Sets => null;

    /// <summary>Reads the number of the row's current position, from 0; null where the label is missing, or a value that is no class.</summary>
    public abstract Func<int?> Reader(DataViewRow row);

    /// <summary>Finds the label of further rows with the same classes.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such column, or it is of another type.</exception>
    /// <exception cref="ArgumentException">Its classes are others.</exception>
    public abstract LabelColumn Alike(DataViewSchema schema, string name);

    /// <summary>What the label is called where there is just one for all rows.</summary>
    public abstract string Describe(int number);
}
