using System.Reflection;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>The fields and properties of a user's class, as columns.</summary>
internal static class UserMembers
{
    public static IEnumerable<MemberInfo> Of(Type userType, SchemaDefinition.Direction direction)
    {
        Contracts.CheckValue(userType, nameof(userType));
        IEnumerable<MemberInfo> fields = userType.GetFields(BindingFlags.Public | BindingFlags.Instance);
        IEnumerable<MemberInfo> properties = userType.GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(p => p.GetIndexParameters().Length == 0 && Fits(p, direction));
        return fields.Concat(properties).Where(m => m.GetCustomAttribute<NoColumnAttribute>() is null && TypeOf(m) != typeof(IChannel));
    }

    public static Type TypeOf(MemberInfo member) => member is FieldInfo field ? field.FieldType : ((PropertyInfo)member).PropertyType;

    /// <summary>The item type of arrays and vectors, otherwise the type itself; text for strings.</summary>
    public static Type ItemTypeOf(Type type, out bool isVector)
    {
        bool isBuffer = type.IsGenericType && type.GetGenericTypeDefinition() == typeof(VBuffer<>);
        isVector = type.IsArray || isBuffer;
        Type item = type.IsArray ? type.GetElementType() : isBuffer ? type.GetGenericArguments()[0] : type;
        return item == typeof(string) ? typeof(ReadOnlyMemory<char>) : item;
    }

    public static DataViewType ColumnTypeOf(MemberInfo member)
    {
        foreach (DataViewTypeAttribute custom in member.GetCustomAttributes<DataViewTypeAttribute>())
            custom.Register();
        Type itemType = ItemTypeOf(TypeOf(member), out bool isVector);
        if (DataViewTypeManager.OrNull(itemType, member.GetCustomAttributes()) is { } registered)
            return registered;
        PrimitiveDataViewType item = ColumnTypes.PrimitiveOrNull(itemType)
            ?? throw Contracts.ExceptParam("rawType", $"Could not determine an IDataView type and registered custom types for member {member.Name}");
        if (member.GetCustomAttribute<KeyTypeAttribute>() is { } key)
        {
            Contracts.CheckParam(KeyDataViewType.IsValidDataType(itemType), "userType", $"Member {member.Name} is marked as a key, but cannot hold one");
            item = new KeyDataViewType(itemType, key.Count);
        }

        var dimensions = member.GetCustomAttribute<VectorTypeAttribute>();
        Contracts.CheckParam(dimensions is null || isVector, "userType", $"Member {member.Name} is marked as a vector, but is none");
        if (!isVector)
            return item;
        return dimensions?.Dims is { Length: > 0 } dims ? new VectorDataViewType(item, dims) : new VectorDataViewType(item);
    }

    private static bool Fits(PropertyInfo property, SchemaDefinition.Direction direction)
        => direction.HasFlag(SchemaDefinition.Direction.Read) && property.GetGetMethod() is not null
            || direction.HasFlag(SchemaDefinition.Direction.Write) && property.GetSetMethod() is not null;
}
