namespace Microsoft.ML.FeatureMining.Networks.Onnx;

/// <summary>An attribute of a node. Create it with the method of its type: <c>OnnxAttribute.Int("axis", 1)</c>.</summary>
public sealed class OnnxAttribute
{
    private OnnxAttribute(string name, object value)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(value);
        (Name, Value) = (name, value);
    }

    /// <summary>The name, as in the specification of the operator.</summary>
    public string Name { get; }

    /// <summary>A long, a float, a string or a long[].</summary>
    internal object Value { get; }

    /// <summary>An attribute of type int.</summary>
    public static OnnxAttribute Int(string name, long value) => new(name, value);

    /// <summary>An attribute of type float.</summary>
    public static OnnxAttribute Float(string name, float value) => new(name, value);

    /// <summary>An attribute of type string.</summary>
    public static OnnxAttribute String(string name, string value) => new(name, value);

    /// <summary>An attribute of type ints.</summary>
    public static OnnxAttribute Ints(string name, params IEnumerable<long> values)
    {
        ArgumentNullException.ThrowIfNull(values);
        return new(name, (long[])[.. values]);
    }
}
