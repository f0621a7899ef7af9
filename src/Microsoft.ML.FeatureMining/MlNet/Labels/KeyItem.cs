using System.Globalization;
using System.Numerics;
using Microsoft.ML.Data;

namespace Microsoft.ML.FeatureMining.MlNet.Labels;

/// <summary>A type that a key's values may have, and its way to text and back without loss.</summary>
internal abstract class KeyItem(PrimitiveDataViewType type)
{
    public static KeyItem Text { get; } = new KeyItem<ReadOnlyMemory<char>>(TextDataViewType.Instance, value => value.ToString(), text => text.AsMemory());

    private static readonly KeyItem[] All =
    [
        Text,
        new KeyItem<bool>(BooleanDataViewType.Instance, value => value.ToString(CultureInfo.InvariantCulture), bool.Parse),
        Number<sbyte>(NumberDataViewType.SByte), Number<byte>(NumberDataViewType.Byte),
        Number<short>(NumberDataViewType.Int16), Number<ushort>(NumberDataViewType.UInt16),
        Number<int>(NumberDataViewType.Int32), Number<uint>(NumberDataViewType.UInt32),
        Number<long>(NumberDataViewType.Int64), Number<ulong>(NumberDataViewType.UInt64),
        Number<float>(NumberDataViewType.Single), Number<double>(NumberDataViewType.Double),
    ];

    public PrimitiveDataViewType Type { get; } = type;

    /// <summary>The type's name in a saved model.</summary>
    public string Name => Type.ToString()!;

    public static KeyItem? Of(DataViewType type) => Array.Find(All, item => item.Type.Equals(type));

    public static KeyItem Named(string name) => Array.Find(All, item => item.Name == name)
        ?? throw new InvalidDataException($"The model's label values are of type '{name}', which this version does not know.");

    public abstract string[] Read(DataViewSchema.Annotations annotations, string kind);

    public abstract Func<string> ValueReader(DataViewRow row, DataViewSchema.Column column);

    /// <summary>The values that the names stand for, as an array of the raw type.</summary>
    public abstract Array Values(IReadOnlyList<string> names);

    public abstract void Add(DataViewSchema.Annotations.Builder annotations, string kind, IReadOnlyList<string> names);

    private static KeyItem<T> Number<T>(NumberDataViewType type)
        where T : INumber<T> => new(type, value => value.ToString(null, CultureInfo.InvariantCulture)!, text => T.Parse(text, CultureInfo.InvariantCulture));
}
