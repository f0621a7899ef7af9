using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>Column types of others' making, by the .NET type and the attribute of a member.</summary>
public static class DataViewTypeManager
{
    private static readonly Dictionary<(Type, DataViewTypeAttribute), DataViewType> _types = [];

    public static void Register(DataViewType dataViewType, Type type, DataViewTypeAttribute typeAttribute = null)
    {
        if (ColumnTypes.PrimitiveOrNull(type) is not null)
            throw Contracts.ExceptParam(nameof(type), $"Type {type} is a column type already.");
        lock (_types)
        {
            if (!_types.TryAdd((type, typeAttribute), dataViewType) && !_types[(type, typeAttribute)].Equals(dataViewType))
                throw Contracts.ExceptParam(nameof(type), $"Type {type} is registered as another column type.");
        }
    }

    internal static DataViewType OrNull(Type type, IEnumerable<Attribute> attributes)
    {
        lock (_types)
            return _types.GetValueOrDefault((type, attributes.OfType<DataViewTypeAttribute>().SingleOrDefault()));
    }
}
